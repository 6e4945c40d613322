using EventGrains.Silo.Sources.Posix;

namespace EventGrains.Silo.Sources.Directories;

/// <summary>The watched directories of one root, from several threads.</summary>
internal sealed class DirectoryWatches(WatchedRoot root, Inotify inotify)
{
    private readonly object gate = new();
    private readonly WatchTree tree = new();

    /// <summary>Why some directories are not watched; they are found by scans alone. Null when all are.</summary>
    public string? Trouble { get; private set; }

    public void Add(string directory)
    {
        lock (gate)
        {
            var watch = inotify.TryAdd(root.Path + directory, out var error);
            if (watch >= 0)
            {
                tree.Set(watch, directory);
            }
            else if (error is not (SystemCalls.NotFound or SystemCalls.NotADirectory))
            {
                Trouble = error == SystemCalls.NoSpace
                    ? $"the kernel watches no more than {tree.Count} directories: raise fs.inotify.max_user_watches; until then scans find what is new"
                    : $"{PosixPath.Printable(root.Path + directory)} cannot be watched ({SystemCalls.Explain(error)}); scans find what is new";
            }
        }
    }

    /// <summary>Before a scan, which adds all again.</summary>
    public void ForgetTrouble() => Trouble = null;

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
            tree.Take(directory).ForEach(inotify.Remove);
        }
    }
}
