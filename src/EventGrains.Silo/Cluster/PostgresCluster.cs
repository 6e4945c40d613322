using System.Net;
using EventGrains.Silo.Store;
using EventGrains.Silo.Store.Postgres;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Messaging;
using Orleans.Runtime;
using Orleans.Runtime.Membership;
using Orleans.Runtime.MembershipService;
using Orleans.Storage;

namespace EventGrains.Silo.Cluster;

/// <summary>Any number of silos that share a PostgreSQL: membership and low-rate grain states are in it.</summary>
public static class PostgresCluster
{
    private const string Invariant = "Npgsql";

    /// <summary>The period and the patience of probes: a silo that answers nobody is declared dead after three, about six seconds.</summary>
    private static readonly TimeSpan ProbeEvery = TimeSpan.FromSeconds(2);

    /// <summary>Silos tell each other what changed; whom that did not reach reads it here.</summary>
    private static readonly TimeSpan ReadEvery = TimeSpan.FromSeconds(5);

    /// <summary>How often a silo signs the table. After <see cref="SignsMissedMax"/> of these a joining silo probes who did not sign and, where all died at once, clears the table of them.</summary>
    private static readonly TimeSpan SignEvery = TimeSpan.FromSeconds(2);

    private const int SignsMissedMax = 4;

    /// <summary>A gateway without a silo learns of new silos within this.</summary>
    private static readonly TimeSpan GatewaysReadEvery = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(30);

    /// <summary>While shards move, a call may meet more than one who has just given them away.</summary>
    private const int ForwardsMax = 6;

    /// <summary>A silo that stops tells gateways first, and answers what they had asked it to pass on; with Orleans' default, none, such answers are lost.</summary>
    private static readonly TimeSpan GatewaysLeaveWithin = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan LastAnswersWithin = TimeSpan.FromMilliseconds(500);

    public static ISiloBuilder UsePostgresCluster(this ISiloBuilder silo, SiloSettings settings, NpgsqlDataSource database, SiloEnd end)
    {
        silo.Services.AddSingleton(end);
        silo.Services.AddSingleton<DeadSilo>();
        silo.Services.AddSingleton<IFatalErrorHandler>(services => services.GetRequiredService<DeadSilo>());
        silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(services => services.GetRequiredService<DeadSilo>());
        silo.Configure<ClusterOptions>(o => Name(o, settings));
        silo.Configure<SiloOptions>(o => o.SiloName = NameOf(settings));
        silo.Configure<EndpointOptions>(o => Listen(o, settings));
        silo.Configure<ClusterMembershipOptions>(o => Watch(o, settings));
        silo.Configure<SiloMessagingOptions>(Carry);
        silo.UseAdoNetClustering(o => (o.Invariant, o.DataSource) = (Invariant, database));
        silo.Services.AddSingleton(services => new SharedClock(
            ActivatorUtilities.CreateInstance<AdoNetClusteringTable>(services),
            ct => TimeOf(database, ct),
            TimeProvider.System,
            services.GetRequiredService<ILogger<SharedClock>>()));
        silo.Services.AddSingleton<IMembershipTable>(services => services.GetRequiredService<SharedClock>());
        silo.Services.AddSingleton(services => new ClusterTime(TimeProvider.System, () => services.GetRequiredService<SharedClock>().Now));
        return silo.AddPostgresGrainStorage(database);
    }

    /// <summary>Grain storage of a name in the cluster's database, <c>Default</c> for grains that name none.</summary>
    /// <remarks>
    /// Orleans' provider takes a key that could be a number for that number, and knows no grain types: keys carry a prefix that is no
    /// hexadecimal digit (<c>rule:</c>), and state names are unique.
    /// </remarks>
    public static ISiloBuilder AddPostgresGrainStorage(this ISiloBuilder silo, NpgsqlDataSource database, string name = "Default") =>
        silo.AddAdoNetGrainStorage(name, options => options.Configure<IServiceProvider>((o, services) =>
        {
            (o.Invariant, o.DataSource) = (Invariant, database);
            o.GrainStorageSerializer = ActivatorUtilities.CreateInstance<OrleansGrainStorageSerializer>(services);
        }));

    /// <summary>A client that finds the silos by the same table.</summary>
    public static IClientBuilder UsePostgresCluster(this IClientBuilder client, SiloSettings settings, NpgsqlDataSource database)
    {
        client.Configure<ClusterOptions>(o => Name(o, settings));
        client.Configure<GatewayOptions>(o => o.GatewayListRefreshPeriod = GatewaysReadEvery);
        client.Configure<ClientMessagingOptions>(o => o.ResponseTimeout = AnswerWithin);
        client.Services.AddCrossingExceptions();
        client.Services.AddSingleton<IClientConnectionRetryFilter, SilosWanted>();
        client.UseAdoNetClustering(o => (o.Invariant, o.DataSource) = (Invariant, database));
        client.Services.AddSingleton<IGatewayListProvider>(services => new LostGateways(
            ActivatorUtilities.CreateInstance<AdoNetGatewayListProvider>(services), () => CallsToTheDead.FailingBy(services), TimeProvider.System));
        return client;
    }

    /// <exception cref="StoreUnusableException">The database cannot be reached or prepared; the message says why and what to do.</exception>
    public static async Task Prepare(NpgsqlDataSource database, CancellationToken ct)
    {
        try
        {
            await ClusterSchema.Ensure(database, ct);
        }
        catch (NpgsqlException e)
        {
            throw new StoreUnusableException(
                $"The PostgreSQL database cannot be prepared for the cluster: {e.Message} See that it runs, that the connection is right, and that its user may create the schema '{PostgresConnection.Schema}'.", e)
            {
                IsAway = PostgresPlace.IsAway(e),
            };
        }
    }

    public static string NameOf(SiloSettings settings) =>
        settings.SiloName.Length > 0 ? settings.SiloName : $"{Dns.GetHostName()}-{settings.SiloPort}";

    private static void Name(ClusterOptions options, SiloSettings settings) => (options.ClusterId, options.ServiceId) = (settings.Cluster, settings.Cluster);

    // On one machine other silos come by loopback, and nobody else may; with an address for others all of this machine's are listened on:
    // what others call it by need not be an address of its own.
    private static void Listen(EndpointOptions options, SiloSettings settings)
    {
        var advertised = settings.Advertise.Length > 0 ? IPAddress.Parse(settings.Advertise) : IPAddress.Loopback;
        var listened = IPAddress.IsLoopback(advertised) ? advertised
            : advertised.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any;
        options.AdvertisedIPAddress = advertised;
        options.SiloPort = settings.SiloPort;
        options.GatewayPort = settings.ClientPort;
        options.SiloListeningEndpoint = new IPEndPoint(listened, settings.SiloPort);
        options.GatewayListeningEndpoint = new IPEndPoint(listened, settings.ClientPort);
    }

    private static void Watch(ClusterMembershipOptions options, SiloSettings settings)
    {
        options.ProbeTimeout = ProbeEvery;
        options.MaxProbeTimeout = ProbeEvery; // Orleans would stretch it to four times that for a slow peer
        options.NumMissedProbesLimit = 3;
        options.NumVotesForDeathDeclaration = 2;
        options.TableRefreshTimeout = ReadEvery;
        options.IAmAliveTablePublishTimeout = SignEvery;
        options.NumMissedTableIAmAliveLimit = SignsMissedMax;
        options.MaxJoinAttemptTime = TimeSpan.FromSeconds(settings.JoinWithinSeconds);

        // It compares a peer's start with our clock, also as peers tell it in their own; probes find a silo that died while it joined.
        options.EvictWhenMaxJoinAttemptTimeExceeded = false;
    }

    internal static void Carry(SiloMessagingOptions options)
    {
        options.ResponseTimeout = AnswerWithin;
        options.MaxForwardCount = ForwardsMax;
        options.ClientGatewayShutdownNotificationTimeout = GatewaysLeaveWithin;
        options.WaitForMessageToBeQueuedForOutboundTime = LastAnswersWithin;
    }

    private static async Task<DateTime> TimeOf(NpgsqlDataSource database, CancellationToken ct)
    {
        await using var command = database.CreateCommand("SELECT clock_timestamp()");
        return (DateTime)(await command.ExecuteScalarAsync(ct))!;
    }
}
