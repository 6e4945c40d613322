namespace EventGrains.Silo.Sources.Directories;

/// <summary>Which watch is which directory, also after directories were renamed. Paths are relative to the root and begin with <c>/</c>; the root is empty.</summary>
internal sealed class WatchTree
{
    private readonly Dictionary<int, string> paths = [];
    private readonly Dictionary<string, int> watches = new(StringComparer.Ordinal);

    public int Count => paths.Count;

    public string? PathOf(int watch) => paths.GetValueOrDefault(watch);

    /// <summary>A watch stays with its directory when that is renamed: the newest path holds.</summary>
    public void Set(int watch, string path)
    {
        Forget(watch);
        if (watches.Remove(path, out var other))
        {
            paths.Remove(other);
        }

        paths[watch] = path;
        watches[path] = watch;
    }

    public void Forget(int watch)
    {
        if (paths.Remove(watch, out var path))
        {
            watches.Remove(path);
        }
    }

    /// <summary>Takes out a directory and all below it; what their watches were.</summary>
    public List<int> Take(string directory)
    {
        var below = paths.Where(p => IsWithin(p.Value, directory)).Select(p => p.Key).ToList();
        below.ForEach(Forget);
        return below;
    }

    public static bool IsWithin(string path, string directory) =>
        path == directory || (path.Length > directory.Length && path[directory.Length] == '/' && path.StartsWith(directory, StringComparison.Ordinal));
}
