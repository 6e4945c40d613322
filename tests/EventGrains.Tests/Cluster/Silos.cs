using EventGrains.Contracts.Shards;
using EventGrains.Rules;
using EventGrains.Silo;
using EventGrains.Silo.Cluster;
using EventGrains.Silo.Store;
using EventGrains.Tests.Store;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.TestingHost;

namespace EventGrains.Tests.Cluster;

/// <summary>Several silos in this process over one memory store, with the product's own parts. Membership is the testing host's.</summary>
internal sealed class Silos : IAsyncDisposable
{
    private static readonly TimeSpan SeenWithin = TimeSpan.FromSeconds(40);

    private Silos(MemoryStore store, InProcessTestCluster cluster) => (Store, Cluster) = (store, cluster);

    public MemoryStore Store { get; }

    public InProcessTestCluster Cluster { get; }

    public IGrainFactory Grains => Cluster.Client;

    public static async Task<Silos> Start(short silos, int shards, Definitions? definitions = null, Action<SiloSettings>? set = null, Action<ISiloBuilder>? more = null)
    {
        var store = new MemoryStore(shards);
        var builder = new InProcessTestClusterBuilder(silos);
        builder.ConfigureSilo((_, silo) =>
        {
            var settings = new SiloSettings { DataDirectory = Path.Combine(Path.GetTempPath(), $"eventgrains-{Guid.NewGuid():N}") };
            set?.Invoke(settings);
            silo.Configure<SiloMessagingOptions>(PostgresCluster.Carry);
            silo.AddStoreGrainStorage().AddEventGrains(settings, definitions ?? Definitions.Empty, store);
            more?.Invoke(silo);
        });
        var cluster = builder.Build();
        await cluster.DeployAsync();
        return new Silos(store, cluster);
    }

    public IFileShardGrain Shard(int shard) => Grains.GetGrain<IFileShardGrain>(shard);

    /// <summary>Who has each shard now.</summary>
    public async Task<ShardView[]> Owners() => await Task.WhenAll(Enumerable.Range(0, Store.Shards).Select(shard => Shard(shard).Ping()));

    /// <summary>Whether every silo has heard where every shard is.</summary>
    public bool AllHeard(ShardView[] owners) => Cluster.Silos.All(silo =>
        Cluster.GetSiloServiceProvider(silo.SiloAddress).GetRequiredService<ShardMap>().Holders().SequenceEqual(owners.Select(o => o.Silo)));

    /// <summary>Has a shard be on a silo; asked until it is there, as the product asks.</summary>
    public async Task Move(int shard, SiloAddress to) => await Wait(async () =>
    {
        await Shard(shard).Move(to);
        return (await Shard(shard).Ping()).Silo.Equals(to);
    });

    /// <summary>Waits until every silo of the cluster has its even share.</summary>
    public Task<ShardView[]> Even() => Until(owners =>
    {
        var counts = Cluster.Silos.Select(silo => owners.Count(o => o.Silo.Equals(silo.SiloAddress))).ToList();
        return counts.Sum() == owners.Length && counts.Max() - counts.Min() <= 1;
    });

    public async Task<ShardView[]> Until(Func<ShardView[], bool> isReached)
    {
        ShardView[] owners = [];
        try
        {
            await Wait(async () => isReached(owners = await Owners()));
            return owners;
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"after {SeenWithin}: {string.Join("; ", owners.GroupBy(o => o.Silo).Select(g => $"{g.Key} has {string.Join(',', g.Select(o => o.Shard))}"))}");
        }
    }

    /// <summary>Looks until it is so; what cannot be asked because a silo has just gone is asked again.</summary>
    public async Task Wait(Func<Task<bool>> isSo)
    {
        using var late = new CancellationTokenSource(SeenWithin);
        using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        try
        {
            do
            {
                try
                {
                    if (await isSo())
                    {
                        return;
                    }
                }
                catch (OrleansException)
                {
                    // whom we asked has just gone
                }
            }
            while (await look.WaitForNextTickAsync(late.Token));
        }
        catch (OperationCanceledException)
        {
        }

        throw new TimeoutException($"not so after {SeenWithin}");
    }

    public async ValueTask DisposeAsync()
    {
        await Cluster.StopAllSilosAsync();
        await Cluster.DisposeAsync();
    }
}
