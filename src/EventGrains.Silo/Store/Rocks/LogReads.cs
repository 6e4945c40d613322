using EventGrains.Contracts.Transitions;
using EventGrains.Silo.Store.Rows;
using RocksDbSharp;

namespace EventGrains.Silo.Store.Rocks;

/// <summary>Reads transitions: all in commit order, or one file's by version; and drops the oldest.</summary>
internal static class LogReads
{
    private const int PrunedAtOnce = 10_000;

    public static LogEnds Ends(RocksTables tables, int history) =>
        new(Meta.ReadPruned(tables).Earliest(history), Meta.ReadTotals(tables).Latest(history));

    /// <summary>A cursor that is older than what is kept, of another history, or beyond the end gets a gap, and what is there after it.</summary>
    public static TransitionPage Read(RocksTables tables, int history, Cursor after, int max)
    {
        using var snapshot = tables.Database.CreateSnapshot();
        var options = new ReadOptions().SetSnapshot(snapshot);
        var earliest = Meta.ReadPruned(tables, options).Earliest(history);
        var latest = Meta.ReadTotals(tables, options).Latest(history);
        var from = after.History != history || after.CompareTo(earliest) < 0 ? earliest : after.CompareTo(latest) > 0 ? latest : after;

        // "Before all of commit N" and "after the last of commit N - 1" are one place: no gap between them.
        var gap = from == after || (after.History == history && after.Ordinal < 0 && from.Index < after.Index) ? null : new LogGap(after, from);
        if (from == latest)
        {
            return new TransitionPage([], gap is null ? after : from, gap);
        }

        var items = new List<LoggedTransition>(Math.Min(max, 1_000));
        var key = new RowWriter();
        using var scan = new Scan(tables, tables.Log, default, key.Log(from.Index, from.Ordinal + 1).Written, snapshot);
        while (items.Count < max && scan.Next())
        {
            items.Add(Row(Keys.ReadLog(scan.Key, history), scan.Value));
        }

        return new TransitionPage(items, items.Count > 0 ? items[^1].Cursor : from, gap);
    }

    public static List<LoggedTransition> FileHistory(RocksTables tables, int history, long number, int after, int limit)
    {
        using var snapshot = tables.Database.CreateSnapshot();
        var options = new ReadOptions().SetSnapshot(snapshot);
        var key = new RowWriter();
        var prefix = key.File(number).Written.ToArray();
        using var scan = new Scan(tables, tables.FileHistory, prefix, key.FileHistory(number, after + 1).Written, snapshot);
        using var rows = new BulkRead(limit);
        var cursors = new List<Cursor>();
        while (cursors.Count < limit && scan.Next())
        {
            rows.Key.Raw(scan.Value);
            rows.EndKey();
            cursors.Add(Keys.ReadLog(scan.Value, history));
        }

        rows.Run(tables, tables.Log, options);
        var items = new List<LoggedTransition>(cursors.Count);
        for (var i = 0; i < cursors.Count; i++)
        {
            if (rows.TryGet(i, out var row))
            {
                items.Add(Row(cursors[i], row));
            }
        }

        return items;
    }

    private static LoggedTransition Row(Cursor cursor, ReadOnlySpan<byte> row)
    {
        var transition = TransitionEncoding.Read(row, out var subject);
        return new LoggedTransition(cursor, transition, Keys.ShardOf(subject.Number), subject.Sequence);
    }

    /// <summary>In batches, each of which moves the log's beginning; so a reader never finds a part of what was dropped.</summary>
    /// <remarks>Not synced: a crash brings the dropped ones back, with the beginning where it was, and nothing is lost.</remarks>
    public static long Prune(RocksTables tables, long keep)
    {
        long dropped = 0;
        for (; ; )
        {
            var pruned = Meta.ReadPruned(tables);
            var surplus = Meta.ReadTotals(tables).Transitions - pruned.Transitions - keep;
            if (surplus <= 0)
            {
                return dropped;
            }

            var next = DropOldest(tables, pruned, (int)Math.Min(surplus, PrunedAtOnce));
            if (next.Transitions == pruned.Transitions)
            {
                return dropped;
            }

            dropped += next.Transitions - pruned.Transitions;
        }
    }

    private static Pruned DropOldest(RocksTables tables, Pruned pruned, int count)
    {
        using var batch = new WriteBatch();
        var key = new RowWriter();
        var from = key.Log(pruned.Index, pruned.Ordinal + 1).Written.ToArray();
        var last = pruned;
        var taken = 0;
        using (var scan = new Scan(tables, tables.Log, default, from, keepsCache: false))
        {
            while (taken < count && scan.Next())
            {
                var (number, version, _) = TransitionEncoding.ReadSubject(scan.Value);
                batch.Delete(key.FileHistory(number, version).Written, tables.FileHistory);
                var at = Keys.ReadLog(scan.Key, 0);
                last = new Pruned(at.Index, at.Ordinal, last.Transitions + 1);
                taken++;
            }
        }

        if (taken > 0)
        {
            var to = key.Log(last.Index, last.Ordinal + 1).Written.ToArray();
            batch.DeleteRange(from, (ulong)from.Length, to, (ulong)to.Length, tables.Log);
            last.Write(key);
            batch.Put(Meta.PrunedKey, key.Written, tables.Meta);
            tables.Database.Write(batch);
        }

        return last;
    }
}
