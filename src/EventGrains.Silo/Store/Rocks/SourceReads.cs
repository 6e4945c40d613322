using System.Globalization;
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
        var source = id.IndexOf('/', StringComparison.Ordinal);
        var position = id.LastIndexOf('/');
        var generation = position <= 0 ? -1 : id.LastIndexOf('/', position - 1);
        if (source < 0 || generation <= source)
        {
            return null;
        }

        var key = new RowWriter();
        key.EndedText(id.AsSpan(0, source));
        key.EndedText(id.AsSpan(source + 1, generation - source - 1));
        key.BigEndian(Number(id.AsSpan(generation + 1, position - generation - 1)));
        key.BigEndian(Number(id.AsSpan(position + 1)));
        using var scan = new Scan(tables, tables.DeadLetters, key.Written);
        return scan.Next() ? SourceEncoding.ReadDeadLetter(scan.Value) : null;
    }

    private static long Number(ReadOnlySpan<char> digits) =>
        long.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : 0;
}
