using EventGrains.Contracts.Transitions;
using EventGrains.Gateway;
using EventGrains.Rules;
using EventGrains.Silo;
using EventGrains.Silo.Cluster;
using EventGrains.Silo.Store;
using EventGrains.Silo.Streams;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Orleans.Dashboard;

namespace EventGrains.Cli.Hosting;

/// <summary>The cluster that this process is part of: of itself alone, of silos around one PostgreSQL, or, for a gateway, one elsewhere.</summary>
internal sealed class ClusterParts : IAsyncDisposable
{
    private readonly SiloEnd _end;
    private readonly IStore? _store;
    private readonly NpgsqlDataSource? _database;

    private ClusterParts(SiloEnd end, IStore? store, NpgsqlDataSource? database) => (_end, _store, _database) = (end, store, database);

    /// <summary>Opens what must be there before anything of the cluster runs.</summary>
    public static async Task<ClusterParts> Open(Surroundings surroundings, ServerSettings settings, CancellationToken stop)
    {
        // Nothing more may be written by a silo that others take for dead, so nothing is closed either.
        var end = new SiloEnd(surroundings.Error.WriteLine, code => Task.Run(() => Environment.Exit(code)));
        if (settings.Silo.Store == StoreKind.Rocksdb)
        {
            return new ClusterParts(end, StoreSchema.OpenEmbedded(settings.Silo), null);
        }

        var database = PostgresConnection.Open(settings.Silo.Postgres);
        try
        {
            if (settings.Host.Role == Role.Gateway)
            {
                return new ClusterParts(end, null, database);
            }

            ClusterSettings.CheckFree(settings.Silo);
            var store = await StoreSchema.OpenPostgres(settings.Silo, surroundings.Time, stop);
            await PostgresCluster.Prepare(database, stop);
            return new ClusterParts(end, store, database);
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
    }

    public void Join(WebApplicationBuilder builder, ServerSettings settings, Definitions definitions)
    {
        if (_store is null)
        {
            // The process serves, and says what it waits for, before there is a silo.
            builder.Services.Configure<HostOptions>(o => o.ServicesStartConcurrently = true);
            builder.Services.AddSingleton(definitions);
            builder.Services.AddFarCluster();
            builder.Host.UseOrleansClient(client =>
            {
                client.UsePostgresCluster(settings.Silo, _database!);
                _ = settings.Host.Dashboard ? client.AddDashboard() : client;
            });
        }
        else
        {
            builder.Host.UseOrleans(silo =>
            {
                _ = _database is null ? silo.UseEmbeddedCluster(settings.Silo) : silo.UsePostgresCluster(settings.Silo, _database, _end);
                silo.AddEventGrains(settings.Silo, definitions, _store);
                silo.AddEventLogStreams(TransitionStreams.Provider); // for grains of workflow engineers; costs nothing until one subscribes
                _ = settings.Host.Dashboard ? silo.AddDashboard() : silo;
            });
        }
    }

    /// <summary>The store is the silo's to close.</summary>
    public ValueTask DisposeAsync() => _database?.DisposeAsync() ?? ValueTask.CompletedTask;
}
