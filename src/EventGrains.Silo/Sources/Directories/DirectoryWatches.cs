using EventGrains.Silo.Posix;

namespace EventGrains.Silo.Sources.Directories;

/// <summary>The watched directories of one root, from several threads.</summary>
internal sealed class DirectoryWatches(WatchedRoot root, IDirectoryNotices notices)
{
    private readonly object gate = new();
    private readonly WatchTree tree = new();
    private Complaint? troubleInScan;

    /// <summary>Why some directories are not watched; they are found by scans alone. Null when all are.</summary>
    public Complaint? Trouble { get; private set; }

    public void Add(string directory)
    {
        lock (gate)
        {
            var watch = notices.TryAdd(root.Path + directory, out var error);
            if (watch >= 0)
            {
                tree.Set(watch, directory);
            }
            else if (error is not (SystemCalls.NotFound or SystemCalls.NotADirectory))
            {
                Trouble = troubleInScan = error switch
                {
                    SystemCalls.NoSpace => new Complaint(
                        $"the kernel watches no more than {tree.Count} of its directories: in the others only scans find what is new",
                        "raise fs.inotify.max_user_watches; the next scan watches them"),
                    SystemCalls.TooManyOpen => new Complaint(
                        "the kernel lets this user watch nothing more: only scans find what is new",
                        "raise fs.inotify.max_user_instances and start again"),
                    _ => new Complaint(
                        $"{PosixText.Show(root.Path + directory)} cannot be watched ({SystemCalls.Explain(error)}): only scans find what is new in it",
                        "let this user read it"),
                };
            }
        }
    }

    /// <summary>A scan begins, which adds all again.</summary>
    public void BeginScan() => troubleInScan = null;

    /// <summary>What the scan met holds, and nothing older.</summary>
    public void EndScan() => Trouble = troubleInScan;

    public string? PathOf(int watch)
    {
        lock (gate)
        {
            return tree.PathOf(watch);
        }
    }

    public void Forget(int watch)
    {
        lock (gate)
        {
            tree.Forget(watch);
        }
    }

    /// <summary>A directory was renamed or moved away: what its watches say would come under the old path. Where it is now it is watched anew.</summary>
    public void RemoveBelow(string directory)
    {
        lock (gate)
        {
            tree.Take(directory).ForEach(notices.Remove);
        }
    }
}
