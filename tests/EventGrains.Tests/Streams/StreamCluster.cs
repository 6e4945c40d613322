using EventGrains.Contracts.Shards;
using EventGrains.Contracts.Transitions;
using EventGrains.Events;
using EventGrains.Files;
using EventGrains.Rules;
using EventGrains.Silo;
using EventGrains.Silo.Store;
using EventGrains.Silo.Streams;
using EventGrains.Tests.Files;
using EventGrains.Tests.Sources;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Streams;
using Orleans.TestingHost;

namespace EventGrains.Tests.Streams;

/// <summary>Silos around one store, with transitions offered as streams.</summary>
internal sealed class StreamCluster : IAsyncDisposable
{
    private readonly InProcessTestCluster _cluster;
    private readonly IStore _store;

    private StreamCluster(IStore store, InProcessTestCluster cluster) => (_store, _cluster) = (store, cluster);

    public IGrainFactory Grains => _cluster.Client;

    public IReadOnlyList<InProcessSiloHandle> Silos => _cluster.Silos;

    public IParkedDeliveriesGrain Parked => Grains.GetGrain<IParkedDeliveriesGrain>(TransitionStreams.Provider);

    public static async Task<StreamCluster> Start(
        IStore store, short silos = 1, Action<SiloSettings>? set = null, bool hasStreams = true, bool hasWatchers = true, bool isImplicitOnly = false, Definitions? definitions = null)
    {
        var settings = new SiloSettings
        {
            DataDirectory = Path.Combine(Path.GetTempPath(), $"eventgrains-{Guid.NewGuid():N}"),
            StreamBackOffFirstSeconds = 0.01,
            StreamBackOffMaxSeconds = 0.02,
        };
        set?.Invoke(settings);
        var builder = new InProcessTestClusterBuilder(silos);
        builder.ConfigureSilo((_, silo) =>
        {
            // A killed silo is noticed within seconds, and nobody waits longer for an answer of it.
            silo.Configure<ClusterMembershipOptions>(membership =>
            {
                (membership.ProbeTimeout, membership.NumMissedProbesLimit, membership.NumVotesForDeathDeclaration) = (TimeSpan.FromSeconds(1), 3, 1);
            });
            silo.Configure<SiloMessagingOptions>(messaging => messaging.ResponseTimeout = TimeSpan.FromSeconds(10));
            silo.AddStoreGrainStorage().AddEventGrains(settings, definitions ?? Definitions.Empty, store);
            if (hasStreams)
            {
                silo.AddEventLogStreams(TransitionStreams.Provider, isImplicitOnly ? StreamPubSubType.ImplicitOnly : StreamPubSubType.ExplicitGrainBasedAndImplicit);
            }

            if (!hasWatchers)
            {
                silo.Configure<GrainTypeOptions>(types => types.Classes.Remove(typeof(FileWatcherGrain)));
            }
        });
        builder.ConfigureClient(client => client.Configure<ClientMessagingOptions>(messaging => messaging.ResponseTimeout = TimeSpan.FromSeconds(10)));
        var cluster = builder.Build();
        await cluster.DeployAsync();
        return new StreamCluster(store, cluster);
    }

    /// <summary>A file of an own name, so that tests do not hear each other.</summary>
    public static FileId NewFile() => new("dcache", Guid.NewGuid().ToString("N").ToUpperInvariant());

    /// <summary>Says so often that the file has another path, each of which is one more version; again until it is acknowledged.</summary>
    public async Task Tell(FileId file, int from, int through)
    {
        for (var version = from; version <= through; version++)
        {
            var facts = FileFacts.Join(
                Says.DoorStored("/d", 0), new FileFacts { Path = new PathRegister(PathRank.Namespace, Says.At(version), $"/d/{version}") });
            var batch = new EventBatch("billing", [new StorageEvent(file, "said", facts)]);
            await Eventually.Is(
                async () =>
                {
                    try
                    {
                        return (await Grains.GetGrain<IFileShardGrain>(file.ShardOf(_store.Shards)).Apply(batch)).Failed.IsEmpty;
                    }
                    catch (Exception)
                    {
                        return false;
                    }
                },
                () => $"{file} version {version} is not taken");
        }
    }

    public Task Kill(int silo) => _cluster.KillSiloAsync(_cluster.Silos[silo]);

    public static Task Saw(FileId file, IEnumerable<int> versions) =>
        Eventually.Equal(versions, () => FileWatcherGrain.Files.GetValueOrDefault(file.ToString())?.Versions.Distinct() ?? []);

    public static Task Heard(string subscriber, IEnumerable<int> versions) =>
        Eventually.Equal(versions, () => SubscriberGrain.Heard.GetValueOrDefault(subscriber)?.Select(l => l.Transition.Version).Distinct() ?? []);

    public async ValueTask DisposeAsync()
    {
        await _cluster.StopAllSilosAsync();
        await _cluster.DisposeAsync();
    }
}
