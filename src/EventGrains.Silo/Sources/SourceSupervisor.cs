using EventGrains.Contracts.Sources;
using Microsoft.Extensions.Logging;

namespace EventGrains.Silo.Sources;

/// <summary>Keeps every declared source running somewhere: pings them all, so that one that was lost starts again here or elsewhere.</summary>
internal sealed partial class SourceSupervisor(SourceParts parts, IGrainFactory grains, TimeProvider time, ILogger<SourceSupervisor> log)
    : ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource stop = new();
    private Task running = Task.CompletedTask;

    // The last stage to start and the first to stop: intake ends while shards and committer still work.
    public void Participate(ISiloLifecycle observer) => observer.Subscribe(
        nameof(SourceSupervisor),
        ServiceLifecycleStage.Active,
        _ =>
        {
            running = Task.Run(Run, CancellationToken.None);
            return Task.CompletedTask;
        },
        async _ =>
        {
            await stop.CancelAsync();
            await running;
            await parts.Stop();
        });

    public void Dispose() => stop.Dispose();

    private async Task Run()
    {
        using var timer = new PeriodicTimer(Period, time);
        try
        {
            do
            {
                await Task.WhenAll(parts.Definitions.Sources.Select(s => Ping(s.Name)));
            }
            while (await timer.WaitForNextTickAsync(stop.Token));
        }
        catch (OperationCanceledException)
        {
            // The silo stops.
        }
    }

    private async Task Ping(string source)
    {
        try
        {
            await grains.GetGrain<ISourceGrain>(source).Ping();
        }
        catch (Exception failure)
        {
            LogUnreachable(source, failure);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "source {source} does not run, tries again")]
    private partial void LogUnreachable(string source, Exception failure);
}
