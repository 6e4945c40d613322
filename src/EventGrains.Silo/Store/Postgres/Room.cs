using Npgsql;

namespace EventGrains.Silo.Store.Postgres;

/// <summary>Whether the database's disk has room again, found out by what costs nothing when it has: a sort that spills.</summary>
/// <remarks>It leaves neither rows nor log behind and needs no right. A full disk of the write-ahead log alone needs no such look: there PostgreSQL stops.</remarks>
internal static class Room
{
    /// <summary>What must fit, or the next commits would fail on it again: 16 MiB, as much as PostgreSQL's log takes at a time.</summary>
    private const string Spills =
        "select count(*) from (select repeat(md5(n::text), 32) as text from generate_series(1, 16384) as n order by text offset 0) as spilled";

    /// <summary>Why there is none; null when there is.</summary>
    public static async Task<string?> Lacks(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var transaction = await connection.BeginTransactionAsync(ct);
        try
        {
            await connection.Run("set local work_mem = '64kB'", ct);
            await connection.Run("set local temp_tablespaces = ''", ct);
            await connection.Run(Spills, ct);
            return null;
        }
        catch (PostgresException full) when (PostgresPlace.IsFull(full))
        {
            return full.Message;
        }
        catch (PostgresException limit) when (limit.SqlState == PostgresErrorCodes.ConfigurationLimitExceeded)
        {
            // Its administrator lets nobody spill so much: then the next commit finds out.
            return null;
        }
    }
}
