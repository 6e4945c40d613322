using EventGrains.Contracts.Transitions;
using EventGrains.Files;
using EventGrains.Silo.Store.Rows;
using Npgsql;

namespace EventGrains.Silo.Store.Postgres;

/// <summary>Reads transitions: all in the public order, or one file's by version.</summary>
internal static class LogReads
{
    private static readonly Asked<LogHead> AskHead = new(
        r => new LogHead(r.GetInt64(0), r.GetInt32(1), r.GetInt64(2), r.GetInt32(3), r.GetInt64(4), r.GetInt64(5), r.GetInt32(6)),
        """
        select earliest_index, earliest_ordinal, coalesce(newest.index, earliest_index), coalesce(newest.transitions - 1, earliest_ordinal),
               log.transitions, pruned, log.part
        from log left join lateral (select index, transitions from commits where transitions > 0 order by index desc limit 1) as newest on true
        """);

    public static async Task<LogHead> Head(NpgsqlConnection connection, CancellationToken ct) => (await connection.Rows(AskHead, ct))[0];

    /// <summary>A cursor that is older than what is kept, of another history, or beyond the end gets a gap, and what is there after it.</summary>
    public static async Task<TransitionPage> Read(NpgsqlConnection connection, int history, Cursor after, int max, CancellationToken ct)
    {
        while (true)
        {
            var (heads, commits) = await connection.Both(AskHead, AskCommits(after.Index, max), ct);
            var head = heads[0];
            var (earliest, latest) = (head.Ends(history).Earliest, head.Ends(history).Latest);
            var from = after.History != history || after.CompareTo(earliest) < 0 ? earliest : after.CompareTo(latest) > 0 ? latest : after;

            // "Before all of commit N" and "after the last of commit N - 1" are one place: no gap between them.
            var gap = from == after || (after.History == history && after.Ordinal < 0 && from.Index < after.Index) ? null : new LogGap(after, from);
            if (from == latest)
            {
                return new TransitionPage([], gap is null ? after : from, gap);
            }

            if (from != after)
            {
                commits = await connection.Rows(AskCommits(from.Index, max), ct);
            }

            // What was pruned while it was read may be missing from it: look again, and say so then.
            if (await Items(connection, history, from, commits, max, ct) is { } read && read.Head.Ends(history).Earliest.CompareTo(from) <= 0)
            {
                var items = read.Items;
                return new TransitionPage(items, items.Count > 0 ? items[^1].Cursor : from, gap);
            }
        }
    }

    /// <summary>One more than there are transitions wanted: of the first commit all may have been read.</summary>
    private static Asked<CommitRow> AskCommits(long from, int max) => new(
        r => new CommitRow(r.GetInt64(0), r.GetInt64(1), r.GetInt32(2), r.GetInt32(3)),
        "select index, batch, part, transitions from commits where index >= $1 and transitions > 0 order by index limit $2",
        from,
        max + 1L);

    /// <summary>With the head as it was after they were read. Null: a part of the log went while it was read.</summary>
    private static async Task<(List<LoggedTransition> Items, LogHead Head)?> Items(
        NpgsqlConnection connection, int history, Cursor from, List<CommitRow> commits, int max, CancellationToken ct)
    {
        var (items, missing, head) = (new List<LoggedTransition>(), max, default(LogHead?));
        for (var i = 0; i < commits.Count && missing > 0;)
        {
            var (begin, count) = (i, 0L);
            while (i < commits.Count && commits[i].Part == commits[begin].Part && count < missing)
            {
                count += commits[i].Transitions - (commits[i].Index == from.Index ? from.Ordinal + 1 : 0);
                i++;
            }

            var read = commits.GetRange(begin, i - begin);
            if (await OfPart(connection, history, read, from, missing, ct) is not { } found)
            {
                return null;
            }

            (items, head) = (items.Count == 0 ? found.Items : [.. items, .. found.Items], found.Head);
            missing -= found.Items.Count;
        }

        return (items, head ?? await Head(connection, ct));
    }

    private static async Task<(List<LoggedTransition> Items, LogHead Head)?> OfPart(
        NpgsqlConnection connection, int history, List<CommitRow> commits, Cursor from, int max, CancellationToken ct)
    {
        try
        {
            var asked = new Asked<LoggedTransition>(
                r => new LoggedTransition(new Cursor(history, r.GetInt64(0), r.GetInt32(1)), TransitionEncoding.Read(r.Bytes(2)), r.GetInt32(3), r.GetInt64(4)),
                $"""
                select c.index, t.ordinal, t.transition, t.shard, t.sequence
                from unnest($1, $2) as c (index, batch) join transitions_{commits[0].Part} as t on t.batch = c.batch
                where c.index > $3 or t.ordinal > $4
                order by c.index, t.ordinal limit $5
                """,
                commits.ConvertAll(c => c.Index).ToArray(),
                commits.ConvertAll(c => c.Batch).ToArray(),
                from.Index,
                from.Ordinal,
                max);
            var (items, heads) = await connection.Both(asked, AskHead, ct);
            return (items, heads[0]);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UndefinedTable)
        {
            return null;
        }
    }

    public static async Task<IReadOnlyList<LoggedTransition>> FileHistory(
        NpgsqlConnection connection, int history, FileId id, int after, int limit, CancellationToken ct)
    {
        if ((await FileReads.Load(connection, [id], ct))[0] is not { } file)
        {
            return [];
        }

        while (true)
        {
            var parts = await connection.Rows(r => r.GetInt32(0), "select part from parts order by part", ct);
            var all = string.Join(" union all ", parts.Select(p => $"select batch, ordinal, shard, sequence, number, version, transition from transitions_{p} where number = $1 and version > $2"));
            try
            {
                return await connection.Rows(
                    r => new LoggedTransition(new Cursor(history, r.GetInt64(0), r.GetInt32(1)), TransitionEncoding.Read(r.Bytes(2)), r.GetInt32(3), r.GetInt64(4)),
                    $"""
                    select c.index, t.ordinal, t.transition, t.shard, t.sequence from ({all}) as t
                    join commits as c on c.batch = t.batch
                    where (c.index, t.ordinal) > (select earliest_index, earliest_ordinal from log)
                    order by t.version limit $3
                    """,
                    ct,
                    file.Number,
                    after,
                    limit);
            }
            catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UndefinedTable)
            {
                // A part went in between.
            }
        }
    }

    private readonly record struct CommitRow(long Index, long Batch, int Part, int Transitions);
}

/// <summary>Where the log begins and ends. The place of the earliest is that of the last transition dropped.</summary>
/// <param name="Written">Transitions ever written, the pruned included.</param>
internal readonly record struct LogHead(long EarliestIndex, int EarliestOrdinal, long LatestIndex, int LatestOrdinal, long Written, long Pruned, int Part)
{
    public LogEnds Ends(int history) => new(new Cursor(history, EarliestIndex, EarliestOrdinal), new Cursor(history, LatestIndex, LatestOrdinal));
}
