using EventGrains.Files;
using EventGrains.Silo.Store.Rows;
using RocksDbSharp;

namespace EventGrains.Silo.Store.Rocks;

/// <summary>Adds up what change sets say of datasets, so that a commit writes each (dataset, shard) once.</summary>
/// <remarks>For the one writer, which alone changes these rows: what it remembers cannot go stale.</remarks>
internal sealed class KeptCounts(RocksTables tables)
{
    /// <summary>Counts remembered; at the bound all are forgotten and read again when needed.</summary>
    public const int CachedMax = 100_000;

    private readonly Dictionary<(string Dataset, int Shard), ShardCounts> cached = [];
    private readonly Dictionary<(string Dataset, int Shard), ShardCounts> pending = [];
    private readonly RowWriter key = new();
    private readonly RowWriter value = new();

    public void Add(int shard, DatasetDelta delta) => Pending(delta.Name, shard).Add(delta);

    public void Finish(WriteBatch batch)
    {
        foreach (var ((dataset, shard), counts) in pending)
        {
            CountsEncoding.Write(value.Clear(), counts);
            batch.Put(key.Counts(dataset, shard).Written, value.Written, tables.Counts);
        }
    }

    /// <summary>The batch is durable.</summary>
    public void Publish()
    {
        if (cached.Count + pending.Count > CachedMax)
        {
            cached.Clear();
        }

        foreach (var (place, counts) in pending)
        {
            cached[place] = counts;
        }

        pending.Clear();
    }

    /// <summary>The batch was not written.</summary>
    public void Forget() => pending.Clear();

    private ShardCounts Pending(string dataset, int shard)
    {
        if (pending.TryGetValue((dataset, shard), out var counts))
        {
            return counts;
        }

        counts = new ShardCounts();
        if (cached.TryGetValue((dataset, shard), out var kept))
        {
            counts.Add(kept);
        }
        else if (tables.Database.Get(key.Counts(dataset, shard).Written, tables.Counts) is { } bytes)
        {
            counts.Add(CountsEncoding.Read(bytes));
        }

        pending.Add((dataset, shard), counts);
        return counts;
    }
}
