using EventGrains.Contracts.Shards;
using EventGrains.Contracts.Sources;
using EventGrains.Silo.Store.Rows;

namespace EventGrains.Silo.Store.Rocks;

/// <summary>Reads what is kept of sources: positions, dead letters.</summary>
internal static class SourceReads
{
    public static List<PositionRow> PositionsOf(RocksTables tables, int shard)
    {
        var positions = new List<PositionRow>();
        using var scan = new Scan(tables, tables.Positions, new RowWriter().Shard(shard).Written);
        while (scan.Next())
        {
            var key = new RowReader(scan.Key);
            key.BigEndian16();
            positions.Add(SourceEncoding.ReadPosition(scan.Value, shard, key.EndedText(), key.RawText()));
        }

        return positions;
    }

    public static List<PositionRow> PositionsIn(RocksTables tables, int shards, string source, string partition)
    {
        var positions = new List<PositionRow>();
        var key = new RowWriter();
        for (var shard = 0; shard < shards; shard++)
        {
            if (tables.Database.Get(key.Position(shard, source, partition).Written, tables.Positions) is { } bytes)
            {
                positions.Add(SourceEncoding.ReadPosition(bytes, shard, source, partition));
            }
        }

        return positions;
    }

    public static DeadLetterPage DeadLetters(RocksTables tables, string? after, int limit)
    {
        var from = after is null ? [] : ListCursor.Parse(after);
        using var scan = new Scan(tables, tables.DeadLetters, default, from);
        var items = new List<DeadLetter>();
        byte[] last = [];
        while (scan.Next())
        {
            if (after is not null && scan.Key.SequenceEqual(from))
            {
                continue;
            }

            if (items.Count == limit)
            {
                return new DeadLetterPage(items, ListCursor.Of(last));
            }

            items.Add(SourceEncoding.ReadDeadLetter(scan.Value));
            last = scan.Key.ToArray();
        }

        return new DeadLetterPage(items, null);
    }

    /// <summary>By <see cref="DeadLetter.Id"/>: source, partition, generation, position. A partition may itself hold slashes; the others do not.</summary>
    public static DeadLetter? FindDeadLetter(RocksTables tables, string id)
    {
        if (!DeadLetterPlace.TryParse(id, out var place))
        {
            return null;
        }

        var key = new RowWriter();
        key.EndedText(place.Source);
        key.EndedText(place.Partition);
        key.BigEndian(place.Generation);
        key.BigEndian(place.Position);
        using var scan = new Scan(tables, tables.DeadLetters, key.Written);
        return scan.Next() ? SourceEncoding.ReadDeadLetter(scan.Value) : null;
    }
}
