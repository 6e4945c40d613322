using EventGrains.Files;

namespace EventGrains.LoadTest.Limits;

/// <summary>A file that the bare loop holds, and where the batch at hand has put it.</summary>
internal sealed class KnownFile(FileId id)
{
    public FileId Id { get; } = id;

    public FileState State { get; set; } = null!;

    public bool IsNew { get; set; }

    /// <summary>The last batch that changed it, and its place among that batch's rows.</summary>
    public long Batch { get; set; } = -1;

    public int Place { get; set; }
}

/// <summary>Keeps the files touched last, half to all of its bound, at the price of one or two look-ups in a dictionary.</summary>
internal sealed class FileCache(int filesMax)
{
    private Dictionary<FileId, KnownFile> _young = new(filesMax / 2);
    private Dictionary<FileId, KnownFile> _old = [];

    /// <summary>The file, and whether it was not held and its state must be loaded.</summary>
    public KnownFile Get(FileId id, out bool isMissing)
    {
        isMissing = false;
        if (_young.TryGetValue(id, out var file))
        {
            return file;
        }

        if (!_old.TryGetValue(id, out file))
        {
            (file, isMissing) = (new KnownFile(id), true);
        }

        _young.Add(id, file);
        return file;
    }

    /// <summary>Between batches: when the younger half is full, the older is dropped.</summary>
    public void Trim()
    {
        if (_young.Count >= filesMax / 2)
        {
            (_old, _young) = (_young, new Dictionary<FileId, KnownFile>(filesMax / 2));
        }
    }
}
