using System.IO.Enumeration;
using EventGrains.Contracts.Sources;
using EventGrains.Silo.Posix;

namespace EventGrains.Silo.Sources.Logs;

internal static class LogSightings
{
    extension(LogSighting sighting)
    {
        public FileIdentity Identity => new(sighting.Device, sighting.Inode, sighting.BirthNanoseconds);
    }

    extension(LogSights sights)
    {
        /// <summary>The file of a generation as it was last seen; null when nobody looked.</summary>
        public LogSighting? LastOf(LogGeneration generation)
        {
            foreach (var file in sights.Now.Concat(sights.Gone))
            {
                if (file.Identity == generation.File)
                {
                    return file;
                }
            }

            return null;
        }
    }

    public static LogSighting Of(string name, in FileStat stat) => new(
        name, stat.Identity.Device, stat.Identity.Inode, stat.Identity.BirthNanoseconds, stat.Size, stat.ModifiedNanoseconds);

    /// <summary>
    /// Files that a partition knows and that lie where the glob does not look, under the names that its reader noted: renamed
    /// away, or copies. No more than the newest <see cref="UnmatchedFilesMax"/> are looked for; of older ones nothing late is heard.
    /// </summary>
    public static IEnumerable<LogSighting> Unmatched(LogGlob glob, LogNotes notes, IReadOnlyCollection<LogSighting> matched)
    {
        var known = notes.Generations.Reverse().Where(g => g.File is { } file && matched.All(m => m.Identity != file)).DistinctBy(g => g.File);
        foreach (var generation in known.Take(UnmatchedFilesMax))
        {
            if (PosixFile.TryStat(glob.PathOf(generation.Name), out var stat, out _) && stat.Identity == generation.File)
            {
                yield return Of(generation.Name, stat);
            }
        }
    }

    private const int UnmatchedFilesMax = 8;
}

/// <summary>The files of a log source: an absolute path with <c>*</c> and <c>?</c> within names and <c>**</c> across directories.</summary>
/// <remarks>Links are not followed: one file is one partition, whatever points to it.</remarks>
internal sealed class LogGlob
{
    private readonly string[] parts;

    public LogGlob(string glob)
    {
        var all = Path.GetFullPath(glob).Split('/', StringSplitOptions.RemoveEmptyEntries);
        var fixedParts = Math.Min(all.Length - 1, all.TakeWhile(p => !p.AsSpan().ContainsAny('*', '?')).Count());
        Directory = "/" + string.Join('/', all.Take(fixedParts));
        parts = all[fixedParts..];
    }

    /// <summary>The longest part of the path in which nothing varies; names of partitions are relative to it.</summary>
    public string Directory { get; }

    public string PathOf(string name) => $"{Directory}/{name}";

    /// <exception cref="IOException">A directory is not there or cannot be listed: what it holds is unknown.</exception>
    public List<LogSighting> Look()
    {
        var found = new List<LogSighting>();
        using var directory = PosixFile.TryOpenDirectory(Directory, out var error)
            ?? throw PosixFile.Failed($"the directory {Directory} of the log files cannot be opened", error);
        Look(directory, "", 0, found);
        return found;
    }

    private void Look(Microsoft.Win32.SafeHandles.SafeFileHandle directory, string prefix, int depth, List<LogSighting> found)
    {
        var part = parts[depth];
        var deep = part == "**";
        var isLast = depth == parts.Length - 1;
        if (deep && !isLast)
        {
            Look(directory, prefix, depth + 1, found);
        }

        var names = new List<string>();
        PosixFile.List(directory, (name, kind) =>
        {
            if (kind != FileKind.Link && (deep || FileSystemName.MatchesSimpleExpression(part, name, ignoreCase: false)))
            {
                names.Add(name);
            }
        });

        foreach (var name in names)
        {
            // It may be gone or renamed by now: the next look, a second later, sees it under its new name.
            if (!PosixFile.TryStat(directory, name, out var stat, out _))
            {
                continue;
            }

            if (stat.Kind == FileKind.Regular && isLast)
            {
                found.Add(LogSightings.Of(prefix + name, stat));
            }
            else if (stat.Kind == FileKind.Directory && (deep || !isLast)
                && PosixFile.TryOpenDirectory(directory, name, out _) is { } inner)
            {
                using (inner)
                {
                    Look(inner, $"{prefix}{name}/", deep ? depth : depth + 1, found);
                }
            }
        }
    }
}
