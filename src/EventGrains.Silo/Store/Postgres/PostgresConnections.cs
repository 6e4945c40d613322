using EventGrains.Silo.Cluster;
using Npgsql;

namespace EventGrains.Silo.Store.Postgres;

/// <summary>How the database is reached: a bounded pool for reads and small writes, and connections of their own for commits and for news.</summary>
/// <remarks>No call waits for ever: connecting, each answer and a place in the pool have their time-outs.</remarks>
internal sealed class PostgresConnections : IAsyncDisposable
{
    private const int ConnectSeconds = 5;

    /// <summary>How long one answer may take; a recount or a migration sets its own.</summary>
    private const int AnswerSeconds = 10;

    private readonly NpgsqlDataSource pool;
    private readonly NpgsqlDataSource alone;

    public PostgresConnections(SiloSettings settings)
    {
        var pooled = PostgresPlace.Parse(settings);
        pooled.Timeout = ConnectSeconds;
        pooled.CommandTimeout = AnswerSeconds;
        pooled.CancellationTimeout = -1;
        pooled.KeepAlive = ConnectSeconds;
        pooled.MaxAutoPrepare = 64;
        pooled.NoResetOnClose = true; // nothing that runs on the pool leaves anything behind
        pooled.MaxPoolSize = settings.StoreReadsMax;
        pooled.SearchPath = PostgresConnection.Schema;
        pooled.ApplicationName ??= $"eventgrains {PostgresCluster.NameOf(settings)}";

        // Every statement is keyed: a plan that reads a whole table, or compiles itself, comes of statistics that are behind.
        pooled.Options = $"{pooled.Options} -c jit=off -c enable_seqscan=off".TrimStart();
        var single = new NpgsqlConnectionStringBuilder(pooled.ConnectionString) { Pooling = false, Enlist = false, MaxAutoPrepare = 0 };
        single.Options += " -c plan_cache_mode=force_generic_plan";
        pool = NpgsqlDataSource.Create(pooled);
        alone = NpgsqlDataSource.Create(single);
    }

    public async Task<NpgsqlConnection> OpenPooled(CancellationToken ct) => await pool.OpenConnectionAsync(ct);

    public async Task<NpgsqlConnection> OpenAlone(CancellationToken ct) => await alone.OpenConnectionAsync(ct);

    public async ValueTask DisposeAsync()
    {
        await pool.DisposeAsync();
        await alone.DisposeAsync();
    }
}
