using EventGrains.Silo.Cluster;
using EventGrains.Silo.Commit;
using EventGrains.Silo.Dispatch;
using EventGrains.Silo.Rules;
using Orleans.Runtime;

namespace EventGrains.Silo;

/// <summary>What must happen before a silo serves, and in which order it ends.</summary>
/// <remarks>
/// Start: the rules are kept, then every shard is asked for, so that intents of an earlier life are taken up. After that
/// <see cref="ShardKeeper"/> goes on asking. Stop, the other way round: first the shards go to other silos, where there are any, and
/// nothing new is dispatched, then Orleans ends the grains, then the committer ends with what still waits.
/// </remarks>
internal sealed class SiloStart(RuleSpecs specs, Committer committer, Dispatcher dispatcher, ShardKeeper shards) : ILifecycleParticipant<ISiloLifecycle>
{
    public void Participate(ISiloLifecycle lifecycle)
    {
        lifecycle.Subscribe(nameof(SiloStart), ServiceLifecycleStage.RuntimeInitialize, specs.Save, End);
        lifecycle.Subscribe(nameof(SiloStart), ServiceLifecycleStage.Active, _ => shards.Start(), StopServing);
    }

    private async Task StopServing(CancellationToken ct)
    {
        await shards.Stop();
        dispatcher.Dispose();
    }

    private Task End(CancellationToken ct)
    {
        committer.Dispose();
        return Task.CompletedTask;
    }
}
