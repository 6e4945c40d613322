using EventGrains.Contracts.Transitions;
using Npgsql;

namespace EventGrains.Silo.Store.Postgres;

/// <summary>Finds a shard's transitions by their sequence.</summary>
/// <remarks>No index of its own: it is asked once when a stream is taken up far behind, and looks through the parts.</remarks>
internal static class SequenceReads
{
    public static async Task<SequencePlace> Find(NpgsqlConnection connection, int history, int shard, long sequence, CancellationToken ct)
    {
        while (true)
        {
            var ends = (await LogReads.Head(connection, ct)).Ends(history);
            var parts = await connection.Rows(r => r.GetInt32(0), "select part from parts order by part", ct);
            var all = string.Join(" union all ", parts.Select(p => $"select batch, ordinal, sequence from transitions_{p} where shard = $1"));
            try
            {
                var found = await connection.Rows(
                    r => (Sequence: r.GetInt64(0), Cursor: new Cursor(history, r.GetInt64(1), r.GetInt32(2) - 1)),
                    $"""
                    with kept as (
                        select t.sequence, c.index, t.ordinal from ({all}) as t join commits as c on c.batch = t.batch
                        where (c.index, t.ordinal) > (select earliest_index, earliest_ordinal from log))
                    (select * from kept order by sequence limit 1) union all (select * from kept where sequence = $2)
                    """,
                    ct,
                    shard,
                    sequence);
                var next = await connection.Rows(r => r.GetInt64(0) + 1, "select sequence from shards where shard = $1", ct, shard);
                return new SequencePlace(
                    found.Count == 0 || sequence > found[^1].Sequence ? ends.Latest : found[^1].Cursor,
                    found.Count == 0 ? next[0] : found[0].Sequence);
            }
            catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UndefinedTable)
            {
                // A part went in between.
            }
        }
    }
}
