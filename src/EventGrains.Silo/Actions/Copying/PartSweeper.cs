using System.Diagnostics.Metrics;
using EventGrains.Contracts;
using EventGrains.Rules;
using EventGrains.Silo.Cluster;
using EventGrains.Silo.Posix;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EventGrains.Silo.Actions.Copying;

/// <summary>Removes the parts that nobody came back for within <see cref="SiloSettings.PartFileKeptHours"/>, in each replica storage that is a directory this silo sees.</summary>
/// <remarks>
/// A part is found again by its target's path. One whose file was renamed after a crash, or whose rule was taken away, is wanted by no attempt,
/// and only looking through the storage finds it.
/// </remarks>
internal sealed partial class PartSweeper(Definitions definitions, SiloSettings settings, TimeProvider time, ILogger<PartSweeper> log) : BackgroundService
{
    /// <summary>Between two stretches of one round, so that looking through a large storage leaves its disk to others.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromMinutes(1);

    private static readonly Counter<long> Removed = Telemetry.Meter.CreateCounter<long>(
        "eventgrains_part_files_removed_total", "{files}", "Unfinished copies removed from a replica storage because no attempt came back for them.");

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(definitions.Storages
        .Where(s => s is { Role: StorageRole.Replica, Root.Length: > 0 } && s.Silos.Include(PostgresCluster.NameOf(settings)))
        .Select(s => Task.Run(() => Keep(s.Name, new PartSweep(s.Root!), stoppingToken), CancellationToken.None)));

    private async Task Keep(string storage, PartSweep sweep, CancellationToken stopping)
    {
        var kept = TimeSpan.FromHours(settings.PartFileKeptHours);
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                foreach (var part in sweep.Run(time.GetUtcNow().UtcDateTime - kept, stopping))
                {
                    Removed.Add(1, new KeyValuePair<string, object?>("storage", storage));
                    LogRemoved(PosixText.Show(part.Path), part.Bytes, storage, settings.PartFileKeptHours);
                }

                if (sweep is { IsWhole: true, HasLeftOut: true })
                {
                    LogLeftOut(storage, PartSweep.DirectoriesMax);
                }

                await Task.Delay(sweep.IsWhole ? Between(kept) : Rest, time, stopping);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception failure)
            {
                LogFailed(storage, failure.Message);
                await Task.Delay(Between(kept), time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>A quarter of the time that parts are kept, and at most a day: a timer bears no more than seven weeks.</summary>
    internal static TimeSpan Between(TimeSpan kept) => kept / 4 < TimeSpan.FromDays(1) ? kept / 4 : TimeSpan.FromDays(1);

    [LoggerMessage(LogLevel.Information, "Removed {Path} ({Bytes} bytes) from {Storage}: an unfinished copy that no attempt came back for in {Hours} hours")]
    private partial void LogRemoved(string path, long bytes, string storage, double hours);

    [LoggerMessage(LogLevel.Warning, "{Storage} has a directory with more than {Max} directories; those beyond were not looked through for unfinished copies")]
    private partial void LogLeftOut(string storage, int max);

    [LoggerMessage(LogLevel.Warning, "{Storage} could not be looked through for unfinished copies: {Reason}; it is tried again")]
    private partial void LogFailed(string storage, string reason);
}
