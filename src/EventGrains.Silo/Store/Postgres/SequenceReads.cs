using EventGrains.Contracts.Transitions;
using Npgsql;

namespace EventGrains.Silo.Store.Postgres;

/// <summary>Finds a shard's transitions by their sequence.</summary>
internal static class SequenceReads
{
    public static async Task<SequencePlace> Find(NpgsqlConnection connection, int history, int shard, long sequence, CancellationToken ct)
    {
        var ends = (await LogReads.Head(connection, ct)).Ends(history);
        var next = (await connection.Rows(r => r.GetInt64(0) + 1, "select sequence from shards where shard = $1", ct, shard))[0];
        var first = await First(connection, history, shard, ends.Earliest, ct);
        if (first is not { } kept || sequence >= next)
        {
            return new SequencePlace(ends.Latest, first?.Sequence ?? next);
        }

        if (sequence <= kept.Sequence)
        {
            return new SequencePlace(kept.Before, kept.Sequence);
        }

        // The change set that holds it; its transitions stand together.
        var found = await connection.Rows(
            r => new Cursor(history, r.GetInt64(0), (int)(r.GetInt32(1) + sequence - r.GetInt64(2)) - 1),
            """
            select c.index, s.ordinal, s.sequence from sequences as s join commits as c on c.batch = s.batch
            where s.shard = $1 and s.sequence <= $2 order by s.sequence desc limit 1
            """,
            ct,
            shard,
            sequence);
        return new SequencePlace(found.Count > 0 ? found[0] : kept.Before, kept.Sequence);
    }

    /// <summary>The first transition that is kept of the shard: in the change set that the log's beginning cuts, or in the first after it.</summary>
    private static async Task<(long Sequence, Cursor Before)?> First(NpgsqlConnection connection, int history, int shard, Cursor earliest, CancellationToken ct)
    {
        var sets = await connection.Rows(
            r => (Sequence: r.GetInt64(0), Index: r.GetInt64(1), Ordinal: r.GetInt32(2), Next: r.IsDBNull(3) ? long.MaxValue : r.GetInt64(3)),
            """
            select s.sequence, c.index, s.ordinal, lead(s.sequence) over (order by s.sequence)
            from sequences as s join commits as c on c.batch = s.batch where s.shard = $1 and c.index >= $2 order by s.sequence limit 3
            """,
            ct,
            shard,
            earliest.Index);
        foreach (var set in sets)
        {
            var skipped = set.Index > earliest.Index ? 0 : Math.Max(0, earliest.Ordinal + 1 - set.Ordinal);
            if (set.Sequence + skipped < set.Next)
            {
                return await Exists(connection, shard, set.Sequence + skipped, ct)
                    ? (set.Sequence + skipped, new Cursor(history, set.Index, set.Ordinal + skipped - 1))
                    : null;
            }
        }

        return null;
    }

    private static async Task<bool> Exists(NpgsqlConnection connection, int shard, long sequence, CancellationToken ct) =>
        (await connection.Rows(r => r.GetInt64(0) >= sequence, "select sequence from shards where shard = $1", ct, shard))[0];
}
