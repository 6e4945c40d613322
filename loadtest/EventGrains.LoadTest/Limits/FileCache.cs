using EventGrains.Files;

namespace EventGrains.LoadTest.Limits;

/// <summary>Keeps the states of the files touched last, half to all of its bound, at the price of a dictionary look-up.</summary>
internal sealed class FileCache(int filesMax)
{
    private Dictionary<FileId, FileState> _young = [];
    private Dictionary<FileId, FileState> _old = [];

    public FileState? Find(FileId id) => _young.TryGetValue(id, out var state) || _old.TryGetValue(id, out state) ? state : null;

    public void Put(FileId id, FileState state) => _young[id] = state;

    /// <summary>Between batches: when the younger half is full, the older is dropped.</summary>
    public void Trim()
    {
        if (_young.Count >= filesMax / 2)
        {
            (_old, _young) = (_young, new Dictionary<FileId, FileState>(filesMax / 2));
        }
    }
}
