using Npgsql;

namespace EventGrains.Silo.Store.Postgres;

/// <summary>Low-rate grain states: each row is written only over the version that was read.</summary>
internal static class GrainRows
{
    public static async Task<bool> Write(NpgsqlConnection connection, string key, byte[]? state, long expectedVersion, CancellationToken ct)
    {
        var row = Hashes.Bytes(key);
        if (state is null && expectedVersion == 0)
        {
            return (await connection.Rows(_ => true, "select from grains where key = $1", ct, row)).Count == 0;
        }

        var (sql, parameters) = (state, expectedVersion) switch
        {
            (null, _) => ("delete from grains where key = $1 and version = $2", new object[] { row, expectedVersion }),
            (_, 0) => ("insert into grains (key, state, version) values ($1, $2, 1) on conflict do nothing", [row, state]),
            _ => ("update grains set state = $3, version = version + 1 where key = $1 and version = $2", [row, expectedVersion, state]),
        };
        return await connection.Run(sql, ct, parameters) == 1;
    }
}
