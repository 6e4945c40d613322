using EventGrains.Silo;
using EventGrains.Silo.Cluster;
using EventGrains.Tests.Postgres;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Orleans.Hosting;
using Orleans.Runtime;

namespace EventGrains.Tests.Cluster;

/// <summary>A silo's parts as they are put together around a real PostgreSQL.</summary>
public sealed class PostgresClusterTests
{
    [Fact]
    public async Task A_silo_that_joins_goes_by_the_databases_clock_and_Orleans_by_the_machines()
    {
        var connection = await PostgresServer.NewDatabase();
        await PostgresInstance.Run(connection, "CREATE SCHEMA ahead");
        await PostgresInstance.Run(connection, "CREATE FUNCTION ahead.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS $$ SELECT pg_catalog.clock_timestamp() + interval '10 minutes' $$");
        await using var database = PostgresConnection.Open(new NpgsqlConnectionStringBuilder(connection) { SearchPath = $"ahead,pg_catalog,{PostgresConnection.Schema}" }.ConnectionString);
        await PostgresCluster.Prepare(database, TestContext.Current.CancellationToken);
        using var host = new HostBuilder()
            .UseOrleans(silo => silo.UsePostgresCluster(new SiloSettings(), database, new SiloEnd(_ => { }, _ => { })))
            .Build();

        await host.Services.GetRequiredService<IMembershipTable>().InitializeMembershipTableAsync(true, TestContext.Current.CancellationToken);

        Assert.InRange(AheadOfUs(host.Services.GetRequiredService<ClusterTime>()), TimeSpan.FromMinutes(9), TimeSpan.FromMinutes(11));
        Assert.InRange(AheadOfUs(host.Services.GetRequiredService<TimeProvider>()), TimeSpan.FromMinutes(-1), TimeSpan.FromMinutes(1));
    }

    private static TimeSpan AheadOfUs(TimeProvider time) => time.GetUtcNow() - TimeProvider.System.GetUtcNow();
}
