using EventGrains.Silo.Posix;

namespace EventGrains.Silo.Sources.Logs;

/// <summary>Finds a generation's file: by inode, or by the hash of what lies before a position.</summary>
internal static class LogSearch
{
    /// <exception cref="IOException">It is there and cannot be read, or its directory cannot be listed: then nothing is known of it.</exception>
    public static LogFile? ByIdentity(LogGlob glob, FileIdentity identity, IEnumerable<string> names)
    {
        foreach (var name in names.Distinct(StringComparer.Ordinal))
        {
            if (Open(glob.PathOf(name), identity) is { } file)
            {
                return file;
            }
        }

        foreach (var directory in names.Select(n => Path.GetDirectoryName(glob.PathOf(n))!).Distinct(StringComparer.Ordinal))
        {
            foreach (var path in FilesIn(directory))
            {
                if (Open(path, identity) is { } file)
                {
                    return file;
                }
            }
        }

        return null;
    }

    /// <summary>Another file of the directory that holds the same bytes before all these positions.</summary>
    public static LogFile? ByContent(LogGlob glob, string name, IReadOnlyList<(long Position, string Check)> checks, Func<FileIdentity, bool> isExcluded)
    {
        if (!checks.Any(c => c.Position > 0))
        {
            return null;
        }

        foreach (var path in FilesIn(Path.GetDirectoryName(glob.PathOf(name))!))
        {
            if (LogFile.TryOpen(path) is not { } file)
            {
                continue;
            }

            if (!isExcluded(file.Identity) && Holds(file, checks))
            {
                return file;
            }

            file.Dispose();
        }

        return null;
    }

    public static bool Holds(LogFile file, IEnumerable<(long Position, string Check)> checks) =>
        checks.All(c => file.CheckAt(c.Position) == c.Check);

    private static LogFile? Open(string path, FileIdentity identity)
    {
        if (!PosixFile.TryStat(path, out var stat, out var error))
        {
            return error is SystemCalls.NotFound or SystemCalls.NotADirectory
                ? null
                : throw PosixFile.Failed($"cannot look at {path}", error);
        }

        if (stat.Identity != identity)
        {
            return null;
        }

        var file = LogFile.TryOpen(path);
        if (file is null && PosixFile.TryStat(path, out stat, out _) && stat.Identity == identity)
        {
            throw new IOException($"{path} cannot be opened for reading; let the user that runs eventgrains read it");
        }

        if (file is null || file.Identity == identity)
        {
            return file;
        }

        file.Dispose();
        return null;
    }

    private static List<string> FilesIn(string directory)
    {
        using var handle = PosixFile.TryOpenDirectory(directory, out var error)
            ?? throw PosixFile.Failed($"the directory {directory} of the log files cannot be opened", error);
        var paths = new List<string>();
        PosixFile.List(handle, (name, kind) =>
        {
            if (kind is FileKind.Regular or FileKind.Other)
            {
                paths.Add($"{directory}/{name}");
            }
        });
        paths.Sort(StringComparer.Ordinal);
        return paths;
    }
}
