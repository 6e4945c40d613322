using EventGrains.Silo.Store.Rows;

namespace EventGrains.Silo.Store.Rocks;

/// <summary>Pages through one shard's intents in the order of their keys: file by file.</summary>
internal static class IntentReads
{
    /// <exception cref="ArgumentException">The cursor is none of this shard's intents.</exception>
    public static IntentPage Read(RocksTables tables, int shard, string? after, int limit)
    {
        var prefix = new RowWriter().Shard(shard).Written;
        var from = after is null ? [] : ListCursor.Parse(after);
        if (after is not null && !from.AsSpan().StartsWith(prefix))
        {
            throw ListCursor.Malformed(after);
        }

        using var scan = new Scan(tables, tables.Intents, prefix, from);
        var items = new List<Intent>();
        byte[] last = [];
        while (scan.Next())
        {
            if (after is not null && scan.Key.SequenceEqual(from))
            {
                continue;
            }

            if (items.Count == limit)
            {
                return new IntentPage(items, ListCursor.Of(last));
            }

            items.Add(IntentEncoding.Read(scan.Value, new RowReader(scan.Key[sizeof(ushort)..]).BigEndian64()));
            last = scan.Key.ToArray();
        }

        return new IntentPage(items, null);
    }
}
