using EventGrains.Silo.Store.Rows;
using RocksDbSharp;

namespace EventGrains.Silo.Store.Rocks;

/// <summary>The open database, and what is remembered of it; both end when it is closed. Changed under the lock of commits.</summary>
internal sealed class OpenStore : IDisposable
{
    /// <summary>The epoch of a shard that takes nothing until it is taken over.</summary>
    private const long Nobody = -1;

    private readonly long[] epochs;

    public OpenStore(RocksTables tables, int shards, int history, SiloSettings settings)
    {
        Tables = tables;
        Shards = shards;
        History = history;
        Totals = Meta.ReadTotals(tables);
        Writer = new CommitWriter(tables, shards, settings.DeadLettersKeptMax);
        Recent = new RecentLog(Totals.Latest(history), settings.RecentTransitionsMax);
        epochs = new long[shards];
        var key = new RowWriter();
        for (var shard = 0; shard < shards; shard++)
        {
            epochs[shard] = Meta.ReadNumber(tables, key.EpochKey(shard)) is > 0 and var epoch ? epoch : Nobody;
        }
    }

    public RocksTables Tables { get; }

    public int Shards { get; }

    public int History { get; }

    public CommitWriter Writer { get; }

    public Totals Totals { get; set; }

    public RecentLog Recent { get; }

    public bool IsOwnersOf(ChangeSet set) => epochs[set.Shard] == set.Epoch;

    /// <summary>Refuses the shard's owner until it has taken itself over again.</summary>
    public void Distrust(int shard) => epochs[shard] = Nobody;

    public ShardOwnership TakeOver(int shard, WriteOptions synced)
    {
        var key = new RowWriter().EpochKey(shard);
        var epoch = Meta.ReadNumber(Tables, key) + 1;
        var value = new RowWriter();
        value.BigEndian(epoch);

        // The old owner is refused from here on, also if it is not known whether the new epoch was written.
        Distrust(shard);
        Tables.Database.Put(key.Written, value.Written, Tables.Meta, synced);
        epochs[shard] = epoch;
        return new ShardOwnership(shard, epoch, NextFileNumber(shard), SourceReads.PositionsOf(Tables, shard), LastSequences.Read(Tables, shard, synced) + 1);
    }

    public void Dispose()
    {
        Writer.Dispose();
        Tables.Dispose();
    }

    private long NextFileNumber(int shard)
    {
        using var iterator = Tables.Database.NewIterator(Tables.States);
        iterator.SeekForPrev(new RowWriter().File(Keys.FirstNumberOf(shard + 1) - 1).Written);
        if (!iterator.Valid())
        {
            Native.Instance.rocksdb_iter_get_error(iterator.Handle);
            return Keys.FirstNumberOf(shard);
        }

        return Math.Max(Keys.FirstNumberOf(shard), new RowReader(iterator.GetKeySpan()).BigEndian64() + 1);
    }
}
