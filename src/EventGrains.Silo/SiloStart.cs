using EventGrains.Contracts.Shards;
using EventGrains.Silo.Commit;
using EventGrains.Silo.Dispatch;
using EventGrains.Silo.Rules;
using EventGrains.Silo.Store;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace EventGrains.Silo;

/// <summary>What must happen before a silo serves, and in which order it ends.</summary>
/// <remarks>
/// Start: the rules are kept, then every shard is asked for, so that intents of an earlier life are taken up. After that all shards are
/// asked every 5 s, so that a lost one starts elsewhere. Stop, the other way round: first nothing new is dispatched, then Orleans ends the
/// grains, then the committer ends with what still waits.
/// </remarks>
internal sealed partial class SiloStart(
    IStore store, RuleSpecs specs, Committer committer, Dispatcher dispatcher, IGrainFactory grains, TimeProvider time, ILogger<SiloStart> log)
    : ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
    private static readonly TimeSpan AskEvery = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _stopping = new();
    private Task _asking = Task.CompletedTask;

    public void Participate(ISiloLifecycle lifecycle)
    {
        lifecycle.Subscribe(nameof(SiloStart), ServiceLifecycleStage.RuntimeInitialize, specs.Save, End);
        lifecycle.Subscribe(nameof(SiloStart), ServiceLifecycleStage.Active, AskAll, StopAsking);
    }

    private async Task AskAll(CancellationToken ct)
    {
        await Ask();
        _asking = Task.Run(Keep, CancellationToken.None);
    }

    private async Task Ask() =>
        await Task.WhenAll(Enumerable.Range(0, store.Shards).Select(shard => grains.GetGrain<IFileShardGrain>(shard).Ping()));

    private async Task Keep()
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(AskEvery, time, _stopping.Token);
                await Ask();
            }
            catch (OperationCanceledException)
            {
            }
            catch (Exception failure)
            {
                LogUnanswered(failure);
            }
        }
    }

    private async Task StopAsking(CancellationToken ct)
    {
        await _stopping.CancelAsync();
        await _asking;
        dispatcher.Dispose();
    }

    private Task End(CancellationToken ct)
    {
        committer.Dispose();
        return Task.CompletedTask;
    }

    public void Dispose() => _stopping.Dispose();

    [LoggerMessage(Level = LogLevel.Warning, Message = "Not all shards answered; they are asked again.")]
    private partial void LogUnanswered(Exception failure);
}
