using EventGrains.Files;

namespace EventGrains.Silo.Sources.Directories;

/// <summary>Names of files that are known under another name: where a file is that has lost its known name. Not for several threads.</summary>
internal sealed class OtherNames(int namesMax = OtherNames.NamesMax)
{
    public const int NamesMax = 10_000;

    private readonly Dictionary<FileId, List<string>> names = [];
    private readonly Dictionary<string, FileId> files = new(StringComparer.Ordinal);

    /// <summary>False when more were seen than are remembered, until the next scan sees all again.</summary>
    public bool AreAll { get; private set; } = true;

    public int Count => files.Count;

    public void Add(FileId file, string name)
    {
        Remove(name);
        if (files.Count >= namesMax)
        {
            AreAll = false;
            return;
        }

        files[name] = file;
        if (!names.TryGetValue(file, out var known))
        {
            names[file] = known = [];
        }

        known.Add(name);
    }

    public void Remove(string name)
    {
        if (files.Remove(name, out var file) && names[file] is var known && known.Remove(name) && known.Count == 0)
        {
            names.Remove(file);
        }
    }

    public string[] Of(FileId file) => names.TryGetValue(file, out var known) ? [.. known] : [];

    /// <summary>Each that is still there is about to be seen again.</summary>
    public void Clear()
    {
        names.Clear();
        files.Clear();
        AreAll = true;
    }
}
