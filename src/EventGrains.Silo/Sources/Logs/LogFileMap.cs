using EventGrains.Contracts.Sources;
using EventGrains.Silo.Posix;

namespace EventGrains.Silo.Sources.Logs;

/// <summary>Which partition each file belongs to, and whether there is anything to read. Pure.</summary>
internal static class LogFileMap
{
    /// <summary>
    /// A file that a partition knows is that partition's, whatever it is called now; another one is the next generation of the
    /// partition of its name, or begins a partition.
    /// </summary>
    public static Dictionary<string, List<LogSighting>> Assign(IEnumerable<KeyValuePair<string, LogNotes>> partitions, IEnumerable<LogSighting> sightings)
    {
        var owners = new Dictionary<FileIdentity, string>();
        foreach (var (partition, notes) in partitions)
        {
            foreach (var generation in notes.Generations)
            {
                if (generation.File is { } file)
                {
                    owners[file] = partition;
                }
            }
        }

        var assigned = new Dictionary<string, List<LogSighting>>(StringComparer.Ordinal);
        foreach (var sighting in sightings.OrderBy(s => s.Name, StringComparer.Ordinal))
        {
            // Of a file with two new names the first in order gives the partition's name.
            var partition = owners.TryGetValue(sighting.Identity, out var owner) ? owner : owners[sighting.Identity] = sighting.Name;
            if (!assigned.TryGetValue(partition, out var files))
            {
                assigned[partition] = files = [];
            }

            files.Add(sighting);
        }

        return assigned;
    }

    /// <summary>Whether a reader is needed: something is unread, or a pause is to be shown.</summary>
    public static bool HasWork(LogNotes notes, IReadOnlyList<LogSighting> files)
    {
        // Its reader stands still, and shows where.
        if (notes.Pause is not null)
        {
            return true;
        }

        foreach (var file in files)
        {
            if (notes.Generations.LastOrDefault(g => g.File == file.Identity) is not { } generation
                || IsUnread(notes, generation, file))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The present file is not to be seen: a reader must look where it is, and say what of it is lost.</summary>
    public static bool IsMissing(LogNotes notes, IReadOnlyList<LogSighting> files) =>
        notes.Last is { End: null } last && files.All(f => f.Identity != last.File);

    /// <summary>Which of the files seen before are to be seen no more, while it is not settled yet what became of them.</summary>
    public static List<LogSighting> Gone(LogNotes notes, IReadOnlyList<LogSighting> before, IReadOnlyList<LogSighting> now) =>
        IsMissing(notes, now) ? [.. before.Where(b => b.Identity == notes.Last!.File)] : [];

    /// <summary>The last generation of a file that was taken for finished and is no longer as it was; null when nothing of it can be unread.</summary>
    public static LogGeneration? Changed(LogNotes notes, FileIdentity file, LogRest now) =>
        notes.Generations.LastOrDefault(g => g.File == file) is { End: not null } generation && IsChanged(generation, now) ? generation : null;

    // An empty file holds nothing to read, whatever it held before.
    private static bool IsChanged(LogGeneration finished, LogRest now) =>
        now.Position > 0 && (finished.Settled is { } settled ? settled != now : finished.End != now.Position);

    private static bool IsUnread(LogNotes notes, LogGeneration generation, in LogSighting file)
    {
        if (generation.End is not null)
        {
            return IsChanged(generation, LogRest.Of(file));
        }

        return generation != notes.Last || notes.Rest is not { } rest || rest != LogRest.Of(file);
    }
}
