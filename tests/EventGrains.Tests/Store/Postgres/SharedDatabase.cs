using EventGrains.Rules;
using EventGrains.Silo;
using EventGrains.Silo.Store;
using EventGrains.Silo.Store.Postgres;
using EventGrains.Tests.Postgres;
using Npgsql;
using Orleans.Hosting;
using Orleans.TestingHost;

namespace EventGrains.Tests.Store.Postgres;

/// <summary>One database and the stores of several silos over it; what a test does to the database beside them goes by a connection of its own.</summary>
internal sealed class SharedDatabase : IAsyncDisposable
{
    private readonly List<PostgresStore> _stores = [];

    private SharedDatabase(string connection, int shards) => (Connection, Shards) = (connection, shards);

    public string Connection { get; }

    private int Shards { get; }

    public static async Task<SharedDatabase> New(int shards = Sample.Shards) => new(await PostgresServer.NewDatabase(), shards);

    /// <summary>Another silo's store.</summary>
    /// <param name="through">Another way to the same database.</param>
    public async Task<PostgresStore> Open(string? through = null)
    {
        var store = await PostgresStore.Open(new SiloSettings { Shards = Shards, Postgres = through ?? Connection }, TimeProvider.System);
        _stores.Add(store);
        return store;
    }

    /// <summary>A cluster of one silo that knows of no other: made twice, each takes all shards.</summary>
    public async Task<InProcessTestCluster> StartSilo(string? through = null)
    {
        var store = await Open(through);
        var builder = new InProcessTestClusterBuilder(1);
        builder.ConfigureSilo((_, silo) => silo.AddStoreGrainStorage().AddEventGrains(new SiloSettings(), Definitions.Empty, store));
        var cluster = builder.Build();
        await cluster.DeployAsync();
        return cluster;
    }

    public Task Run(string sql) => PostgresInstance.Run(Connection + ";Search Path=eventgrains", sql);

    /// <summary>Holds what a statement locks until it is disposed.</summary>
    public async Task<IAsyncDisposable> Hold(string sql)
    {
        var connection = await Direct();
        await connection.Run("begin", CancellationToken.None);
        await connection.Run(sql, CancellationToken.None);
        return connection;
    }

    /// <summary>Returns when a statement that begins so waits for a lock: the server looks for us, so that nothing here sleeps.</summary>
    public async Task AwaitBlocked(string statement)
    {
        await using var connection = await Direct();
        await connection.Run(
            $"""
            do $$ begin
                for i in 1..6000 loop
                    perform pg_stat_clear_snapshot();
                    exit when exists (select from pg_stat_activity where wait_event_type = 'Lock' and query like '{statement}%');
                    perform pg_sleep(0.005);
                    if i = 6000 then raise 'nothing waits for a lock in: {statement}'; end if;
                end loop;
            end $$
            """,
            CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var store in _stores)
        {
            await store.DisposeAsync();
        }

        await PostgresServer.Drop(Connection);
    }

    private async Task<NpgsqlConnection> Direct()
    {
        var connection = new NpgsqlConnection(Connection + ";Search Path=eventgrains;Pooling=false;Command Timeout=60");
        await connection.OpenAsync();
        return connection;
    }
}
