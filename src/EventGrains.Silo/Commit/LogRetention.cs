using System.Diagnostics.Metrics;
using EventGrains.Contracts;
using EventGrains.Contracts.Status;
using EventGrains.Silo.Status;
using EventGrains.Silo.Store;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EventGrains.Silo.Commit;

/// <summary>Keeps the log of transitions within <see cref="SiloSettings.TransitionsKeptMax"/>; a subscriber that was further behind gets a gap, never silence.</summary>
internal sealed partial class LogRetention(IStore store, SiloSettings settings, Troubles troubles, TimeProvider time, ILogger<LogRetention> log) : BackgroundService
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(10);

    private static readonly Counter<long> Pruned = Telemetry.Meter.CreateCounter<long>(
        "eventgrains_transitions_pruned_total", "{transitions}", "Transitions dropped from the log because it was at its bound.");

    private long _kept;
    private long _deadLetters;
    private bool _isAway;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        Telemetry.Meter.CreateObservableGauge("eventgrains_transitions_kept", () => _kept, "{transitions}", "Transitions that the log keeps now.");
        Telemetry.Meter.CreateObservableGauge("eventgrains_dead_letters", () => _deadLetters, "{records}", "Records that could not be read and are kept.");
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(LookEvery, time, stoppingToken);
                Pruned.Add(await store.PruneLog(settings.TransitionsKeptMax, stoppingToken));
                var figures = await store.ReadFigures(stoppingToken);
                (_kept, _deadLetters) = (figures.Transitions, figures.DeadLetters);
                troubles.Clear("log");
                if (_isAway)
                {
                    _isAway = false;
                    troubles.Clear(Troubles.Store);
                }
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (StoreAwayException away)
            {
                // A silo that commits nothing just now finds it out here, and its metrics say so.
                _isAway = true;
                troubles.Report(Troubles.Store, away.Message, store.Remedy);
            }
            catch (Exception failure)
            {
                LogFailed(failure);
                troubles.Report("log", $"old transitions could not be dropped: {failure.Message}", "free space under the data directory; it is tried again by itself");
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Old transitions could not be dropped; it is tried again.")]
    private partial void LogFailed(Exception failure);
}
