namespace EventGrains.LoadTest.Limits;

/// <summary>Keeps the files touched last, half to all of its bound, at the price of one or two look-ups in a dictionary.</summary>
internal sealed class FileCache(int filesMax)
{
    private Dictionary<string, BareFile> _young = new(filesMax / 2, StringComparer.Ordinal);
    private Dictionary<string, BareFile> _old = [];

    /// <summary>The file, and whether it was not held and its row must be loaded.</summary>
    public BareFile Get(string native, out bool isMissing)
    {
        isMissing = false;
        if (_young.TryGetValue(native, out var file))
        {
            return file;
        }

        if (!_old.TryGetValue(native, out file))
        {
            (file, isMissing) = (new BareFile(native), true);
        }

        _young.Add(native, file);
        return file;
    }

    /// <summary>Between batches: when the younger half is full, the older is dropped.</summary>
    public void Trim()
    {
        if (_young.Count >= filesMax / 2)
        {
            (_old, _young) = (_young, new Dictionary<string, BareFile>(filesMax / 2, StringComparer.Ordinal));
        }
    }
}
