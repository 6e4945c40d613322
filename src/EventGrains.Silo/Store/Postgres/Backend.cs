using Npgsql;

namespace EventGrains.Silo.Store.Postgres;

/// <summary>One connection as the database knows it. The start tells it from a later process of the same number.</summary>
internal readonly record struct Backend(int Process, DateTime Start)
{
    public static async Task<Backend> Of(NpgsqlConnection connection, CancellationToken ct) =>
        (await connection.Rows(
            r => new Backend(r.GetInt32(0), r.GetFieldValue<DateTime>(1)),
            "select pid, backend_start from pg_stat_activity where pid = pg_backend_pid()",
            ct))[0];

    /// <summary>Ends it, wherever it waits: a backend that waits for the rest of a message from a stopped client obeys no time-out.</summary>
    public Task End(NpgsqlConnection connection, CancellationToken ct) => connection.Run(
        "select pg_terminate_backend(pid) from pg_stat_activity where pid = $1 and backend_start = $2 and usename = current_user", ct, Process, Start);
}
