using EventGrains.Contracts.Transitions;
using EventGrains.Silo.Store.Rows;
using RocksDbSharp;

namespace EventGrains.Silo.Store.Rocks;

/// <summary>Finds a shard's transitions by their sequence: one row for each change set that had any.</summary>
/// <remarks>A shard's last row is never dropped, so that the count goes on when the log was pruned to nothing.</remarks>
internal static class SequenceReads
{
    public static void Write(RowWriter row, int count, long index, int ordinal)
    {
        row.Varint(count);
        row.Varint(index);
        row.Varint(ordinal);
    }

    /// <summary>What the shard's next transition is to have.</summary>
    public static long Next(RocksTables tables, int shard)
    {
        using var iterator = tables.Database.NewIterator(tables.Sequences);
        return RunOf(iterator, shard, long.MaxValue) is { } last ? last.End : 1;
    }

    public static SequencePlace Find(RocksTables tables, int history, int shard, long sequence)
    {
        using var snapshot = tables.Database.CreateSnapshot();
        var options = new ReadOptions().SetSnapshot(snapshot);
        var earliest = Meta.ReadPruned(tables, options).Earliest(history);
        var latest = Meta.ReadTotals(tables, options).Latest(history);
        using var iterator = tables.Database.NewIterator(tables.Sequences, options);
        var (firstKept, before) = FirstKept(iterator, shard, earliest, latest);
        if (sequence > firstKept)
        {
            before = RunOf(iterator, shard, sequence) is { } run && sequence < run.End ? run.Before(sequence, history) : latest;
        }

        GC.KeepAlive(options);
        return new SequencePlace(before, firstKept);
    }

    /// <summary>Drops the rows of which nothing is kept, when the log loses a shard's transitions from one sequence to another.</summary>
    public static void Drop(RocksTables tables, WriteBatch batch, int shard, long first, long last)
    {
        using var iterator = tables.Database.NewIterator(tables.Sequences);
        if (RunOf(iterator, shard, last + 1) is not { } kept || RunOf(iterator, shard, first) is not { } run)
        {
            return;
        }

        var key = new RowWriter();
        for (; run.First < kept.First; run = Current(iterator))
        {
            batch.Delete(key.Sequence(shard, run.First).Written, tables.Sequences);
            iterator.Next();
        }
    }

    private static (long Sequence, Cursor Before) FirstKept(Iterator iterator, int shard, Cursor earliest, Cursor latest)
    {
        iterator.Seek(new RowWriter().Sequence(shard, 0).Written);
        long next = 1;
        for (; IsOf(iterator, shard); iterator.Next())
        {
            var run = Current(iterator);
            var kept = run.Index > earliest.Index ? 0 : run.Index < earliest.Index ? run.Count : Math.Clamp(earliest.Ordinal + 1 - run.Ordinal, 0, run.Count);
            if (kept < run.Count)
            {
                return (run.First + kept, run.Before(run.First + kept, earliest.History));
            }

            next = run.End;
        }

        return (next, latest);
    }

    /// <summary>The shard's run that holds a sequence, or the last one before it; the iterator then stands there.</summary>
    private static Run? RunOf(Iterator iterator, int shard, long sequence)
    {
        iterator.SeekForPrev(new RowWriter().Sequence(shard, sequence).Written);
        return IsOf(iterator, shard) ? Current(iterator) : null;
    }

    private static bool IsOf(Iterator iterator, int shard)
    {
        if (iterator.Valid())
        {
            return new RowReader(iterator.GetKeySpan()).BigEndian16() == shard;
        }

        Native.Instance.rocksdb_iter_get_error(iterator.Handle);
        return false;
    }

    private static Run Current(Iterator iterator)
    {
        var key = new RowReader(iterator.GetKeySpan());
        key.BigEndian16();
        var row = new RowReader(iterator.GetValueSpan());
        return new Run(key.BigEndian64(), (int)row.Varint(), (long)row.Varint(), (int)row.Varint());
    }

    /// <summary>Transitions of one change set: they stand in a row in the log too.</summary>
    private readonly record struct Run(long First, int Count, long Index, int Ordinal)
    {
        public long End => First + Count;

        public Cursor Before(long sequence, int history) => new(history, Index, (int)(Ordinal + sequence - First - 1));
    }
}
