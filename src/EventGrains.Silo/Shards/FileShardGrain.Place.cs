using EventGrains.Contracts.Shards;
using EventGrains.Silo.Cluster;
using Orleans.Runtime;

namespace EventGrains.Silo.Shards;

/// <remarks>Where a shard is, and how it goes elsewhere.</remarks>
internal sealed partial class FileShardGrain
{
    public async Task<ShardView> Ping() => new(Shard, (await Owned()).Epoch, silo.SiloAddress);

    public Task Move(SiloAddress to)
    {
        // Whoever asks may not have heard yet that it is there already: it would end here and begin here, with another epoch.
        if (!to.Equals(silo.SiloAddress))
        {
            GrainContext.MigrateTo(to);
        }

        return Task.CompletedTask;
    }

    // All calls are answered, and with them all change sets are durable or refused.
    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        Leave();
        return Task.CompletedTask;
    }

    /// <summary>Somebody else's from now on: what this silo holds of it is of no use.</summary>
    private void Leave()
    {
        dispatcher.Drop(Shard);
        figures.Left(Shard);
        map.Left(Shard, silo.SiloAddress);
    }
}
