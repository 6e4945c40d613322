using EventGrains.Silo;
using EventGrains.Silo.Store;
using EventGrains.Silo.Store.Postgres;

namespace EventGrains.Tests.Store;

/// <summary>The promises, kept by PostgreSQL.</summary>
public sealed class PostgresStorePromises : StoreReadPromises
{
    private string _database = "";

    private SiloSettings Settings => new() { Shards = Sample.Shards, Postgres = _database };

    private protected override async Task<IStore> Open()
    {
        _database = await TempDb.New();
        return await PostgresStore.Open(Settings, TimeProvider.System);
    }
}
internal static class TempDb { static int n; public static async Task<string> New() { var root = Environment.GetEnvironmentVariable("EVENTGRAINS_TEST_POSTGRES")!; await using var ds = Npgsql.NpgsqlDataSource.Create(root); var name = $"t{Environment.ProcessId}_{Interlocked.Increment(ref n)}"; await using var c = ds.CreateCommand($"create database {name}"); await c.ExecuteNonQueryAsync(); return new Npgsql.NpgsqlConnectionStringBuilder(root) { Database = name }.ConnectionString; } }
