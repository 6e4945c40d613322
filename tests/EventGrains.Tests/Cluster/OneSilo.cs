using EventGrains.Contracts.Shards;
using EventGrains.Events;
using EventGrains.Files;
using EventGrains.Rules;
using EventGrains.Silo;
using EventGrains.Silo.Store;
using EventGrains.Tests.Store;
using Orleans.Hosting;
using Orleans.TestingHost;

namespace EventGrains.Tests.Cluster;

/// <summary>One silo in this process over the memory store, with the product's own parts. Each test starts its own: it takes well under a second.</summary>
internal sealed class OneSilo : IAsyncDisposable
{
    private readonly InProcessTestCluster _cluster;

    private OneSilo(MemoryStore store, InProcessTestCluster cluster) => (Store, _cluster) = (store, cluster);

    public MemoryStore Store { get; }

    public IGrainFactory Grains => _cluster.Client;

    public IServiceProvider Services => _cluster.GetSiloServiceProvider(_cluster.Silos[0].SiloAddress);

    public static async Task<OneSilo> Start(Definitions? definitions = null, Action<SiloSettings>? set = null, MemoryStore? store = null, Action<ISiloBuilder>? more = null)
    {
        store ??= new MemoryStore(4);
        var settings = new SiloSettings { DataDirectory = Path.Combine(Path.GetTempPath(), $"eventgrains-{Guid.NewGuid():N}") };
        set?.Invoke(settings);
        var builder = new InProcessTestClusterBuilder(1);
        builder.ConfigureSilo((_, silo) =>
        {
            silo.AddStoreGrainStorage().AddEventGrains(settings, definitions ?? Definitions.Empty, store);
            more?.Invoke(silo);
        });
        var cluster = builder.Build();
        await cluster.DeployAsync();
        return new OneSilo(store, cluster);
    }

    public IFileShardGrain ShardOf(FileId file) => Grains.GetGrain<IFileShardGrain>(file.ShardOf(Store.Shards));

    public Task<ApplyAnswer> Tell(FileId file, params FileFacts[] said) =>
        ShardOf(file).Apply(new EventBatch("billing", [.. said.Select(s => new StorageEvent(file, "said", s))]));

    public async ValueTask DisposeAsync()
    {
        await _cluster.StopAllSilosAsync();
        await _cluster.DisposeAsync();
    }
}
