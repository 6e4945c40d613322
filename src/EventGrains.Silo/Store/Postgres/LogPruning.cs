using Npgsql;

namespace EventGrains.Silo.Store.Postgres;

/// <summary>Keeps the log of transitions, and the dead letters, within their bounds.</summary>
/// <remarks>
/// The log's beginning is moved first, to the transition: from then on nobody reads what is before it. Room is given back by the part: a
/// part that lies before the beginning as a whole is dropped, so at most one part more than the bound is on disk. The rows that lead to its
/// transitions go in slices, each in a statement of its own, for there may be as many of them. One silo prunes at a time.
/// </remarks>
internal static class LogPruning
{
    /// <summary>Parts that the kept transitions are spread over: how much one dropped table gives back.</summary>
    private const int PartsKept = 8;

    private const int PartTransitionsMin = 10_000;

    private const long PruningLock = 0x4556_4752_0002;

    /// <summary>Rows that one statement deletes: far less than its time-out allows.</summary>
    private const int SliceRows = 5_000;

    /// <summary>Statements that delete such rows in one go; what is left then is nothing that is read, and goes the next time.</summary>
    private const int SlicesMax = 200;

    /// <summary>A part that somebody reads is left for the next time.</summary>
    private const string DropWait = "2s";

    public static async Task<long> Prune(NpgsqlConnection connection, long keep, long deadLettersMax, CancellationToken ct)
    {
        if (!(await connection.Rows(r => r.GetBoolean(0), "select pg_try_advisory_lock($1)", ct, PruningLock))[0])
        {
            return 0;
        }

        try
        {
            var head = await LogReads.Head(connection, ct);
            await BeginPart(connection, head, keep, ct);
            await PruneDeadLetters(connection, deadLettersMax, ct);
            var surplus = Math.Max(0, head.Written - head.Pruned - keep);
            if (surplus > 0)
            {
                await MoveBeginning(connection, head.Pruned + surplus, ct);
                await DropParts(connection, ct);
            }

            return surplus;
        }
        finally
        {
            await connection.Run("select pg_advisory_unlock($1)", CancellationToken.None, PruningLock);
        }
    }

    private static Task<int> MoveBeginning(NpgsqlConnection connection, long pruned, CancellationToken ct) => connection.Run(
        """
        with last as (select index, (transitions - 1 - (total - $1))::int as ordinal from commits where total >= $1 order by total, index limit 1)
        update log set earliest_index = last.index, earliest_ordinal = last.ordinal, pruned = $1 from last
        """,
        ct,
        pruned);

    private static async Task DropParts(NpgsqlConnection connection, CancellationToken ct)
    {
        var gone = await connection.Rows(
            r => (Part: r.GetInt32(0), Last: r.GetInt64(1)),
            """
            select parts.part, coalesce(last.index, 0) from parts
            left join lateral (select index, transitions from commits where commits.part = parts.part order by index desc limit 1) as last on true
            cross join log
            where parts.part < log.part and (last.index is null or (last.index, last.transitions - 1) <= (earliest_index, earliest_ordinal))
            order by parts.part
            """,
            ct);
        foreach (var (part, last) in gone)
        {
            await InSlices(
                () => connection.Run(
                    "delete from commits where index in (select index from commits where index <= $1 and index < (select earliest_index from log) order by index limit $2)",
                    ct,
                    last,
                    SliceRows));
            await using var transaction = await connection.BeginTransactionAsync(ct);
            await connection.Run($"set local lock_timeout = '{DropWait}'", ct);
            try
            {
                await connection.Run($"drop table if exists transitions_{part}", ct);
            }
            catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.LockNotAvailable)
            {
                return;
            }

            await connection.Run("delete from parts where part = $1", ct, part);
            await transaction.CommitAsync(ct);
        }
    }

    /// <summary>Deletes until a slice is not full.</summary>
    private static async Task InSlices(Func<Task<int>> delete)
    {
        for (var (isMore, slices) = (true, 0); isMore && slices < SlicesMax; slices++)
        {
            isMore = await delete() == SliceRows;
        }
    }

    /// <summary>New transitions go to a new table once the present one holds its share of what is kept.</summary>
    private static async Task BeginPart(NpgsqlConnection connection, LogHead head, long keep, CancellationToken ct)
    {
        var before = await connection.Rows(
            r => r.GetInt64(0), "select coalesce((select total - transitions from commits where part = $1 order by index limit 1), $2)", ct, head.Part, head.Written);
        if (head.Written - before[0] >= Math.Max(PartTransitionsMin, keep / PartsKept))
        {
            await connection.Run(PostgresSchema.Part(head.Part + 1), ct);
            await connection.Run("update log set part = $1 where part = $2", ct, head.Part + 1, head.Part);
        }
    }

    /// <summary>The oldest of the source that has most go first.</summary>
    private static async Task PruneDeadLetters(NpgsqlConnection connection, long max, CancellationToken ct)
    {
        var sources = await connection.Rows(r => (Source: r.Bytes(0), Count: r.GetInt64(1)), "select source, count(*) from dead_letters group by source order by 2 desc", ct);
        var surplus = sources.Sum(s => s.Count) - max;
        foreach (var (source, count) in sources)
        {
            var drop = Math.Min(surplus, count - 1);
            if (drop <= 0)
            {
                break;
            }

            await connection.Run(
                "delete from dead_letters where source = $1 and arrival <= (select arrival from dead_letters where source = $1 order by arrival offset $2 limit 1)",
                ct,
                source,
                drop - 1);
            surplus -= drop;
        }
    }
}
