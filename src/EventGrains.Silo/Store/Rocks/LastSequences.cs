using EventGrains.Silo.Store.Rows;
using RocksDbSharp;

namespace EventGrains.Silo.Store.Rocks;

/// <summary>The sequence of each shard's last transition, one row a shard: the count goes on when the log was pruned to nothing.</summary>
internal static class LastSequences
{
    public static void Write(WriteBatch batch, RocksTables tables, RowWriter key, RowWriter value, long sequence)
    {
        value.BigEndian(sequence);
        batch.Put(key.Written, value.Written, tables.Sequences);
    }

    /// <summary>0 where there was none.</summary>
    public static long Read(RocksTables tables, int shard, WriteOptions synced)
    {
        var key = new RowWriter();
        return tables.Database.Get(key.Shard(shard).Written, tables.Sequences) is { } bytes
            ? new RowReader(bytes).BigEndian64()
            : Convert(tables, shard, key, synced);
    }

    /// <summary>A store of before had a row for each change set instead: its first sequence in the key, and how many in the row.</summary>
    private static long Convert(RocksTables tables, int shard, RowWriter key, WriteOptions synced)
    {
        using var iterator = tables.Database.NewIterator(tables.Sequences);
        iterator.SeekForPrev(key.Sequence(shard, long.MaxValue).Written);
        if (!iterator.Valid())
        {
            Native.Instance.rocksdb_iter_get_error(iterator.Handle);
            return 0;
        }

        var at = new RowReader(iterator.GetKeySpan());
        if (at.BigEndian16() != shard)
        {
            return 0;
        }

        var last = at.BigEndian64() + (long)new RowReader(iterator.GetValueSpan()).Varint() - 1;
        using var batch = new WriteBatch();
        var (from, to) = (key.Sequence(shard, 0).Written.ToArray(), key.Sequence(shard, long.MaxValue).Written.ToArray());
        batch.DeleteRange(from, (ulong)from.Length, to, (ulong)to.Length, tables.Sequences);
        Write(batch, tables, key.Shard(shard), new RowWriter(), last);
        tables.Database.Write(batch, synced);
        return last;
    }
}
