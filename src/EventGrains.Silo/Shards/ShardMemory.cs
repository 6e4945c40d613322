using EventGrains.Files;

namespace EventGrains.Silo.Shards;

/// <summary>The file states that one shard holds in memory, bounded. Not thread-safe: the shard's turns use it one at a time.</summary>
/// <remarks>
/// Two generations: what is used moves to the young one; when that holds half the bound, the old one is dropped, except what an undurable
/// change set touched: such a state is neither dropped nor loaded again, because the store does not have it yet.
/// A load that was under way when states were dropped may be older than what it would replace, so it is asked again (<see cref="Drops"/>).
/// </remarks>
internal sealed class ShardMemory(int filesMax)
{
    private Dictionary<FileId, Entry> _young = [];
    private Dictionary<FileId, Entry> _old = [];

    /// <summary>How often states were dropped.</summary>
    public int Drops { get; private set; }

    public int Count => _young.Count + _old.Count;

    public Entry? Find(FileId id)
    {
        if (_young.TryGetValue(id, out var entry))
        {
            return entry;
        }

        if (_old.Remove(id, out entry))
        {
            _young.Add(id, entry);
        }

        return entry;
    }

    /// <summary>Keeps what a load brought, unless the memory already holds the file.</summary>
    public void AddLoaded(FileId id, FileState? state)
    {
        if (Find(id) is null)
        {
            _young.Add(id, new Entry { State = state });
        }
    }

    /// <summary>Drops the old generation when the young one is full. Call it between turns, never within one.</summary>
    /// <param name="durable">The last change set known to be durable.</param>
    public void Trim(long durable)
    {
        if (_young.Count < Math.Max(1, filesMax / 2))
        {
            return;
        }

        var dropped = _old;
        (_old, _young) = (_young, []);
        foreach (var (id, entry) in dropped)
        {
            if (entry.TouchedBy > durable)
            {
                _young.Add(id, entry);
            }
        }

        Drops++;
    }

    public void Clear()
    {
        _young.Clear();
        _old.Clear();
        Drops++;
    }

    internal sealed class Entry
    {
        /// <summary>Null: the store has no such file.</summary>
        public FileState? State { get; set; }

        /// <summary>The newest change set that touched it; 0 for none since it was loaded.</summary>
        public long TouchedBy { get; set; }

        /// <summary>Its place among the files of that change set.</summary>
        public int Place { get; set; }
    }
}
