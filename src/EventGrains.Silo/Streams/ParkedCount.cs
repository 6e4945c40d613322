using EventGrains.Contracts;
using EventGrains.Contracts.Transitions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EventGrains.Silo.Streams;

/// <summary>Shows how many deliveries of a provider are parked, whichever silo parked them: each silo shows all, as it does of dead letters.</summary>
internal sealed partial class ParkedCount(string provider, IGrainFactory grains, TimeProvider time, ILogger<ParkedCount> log) : BackgroundService
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(10);

    private int _parked;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        Telemetry.Meter.CreateObservableGauge("eventgrains_parked_deliveries", () => _parked, description: "Deliveries on Orleans streams that were given up and are kept: `eventgrains parked-delivery list`.");
        using var timer = new PeriodicTimer(LookEvery, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await Look();
            }
        }
        catch (OperationCanceledException)
        {
            // The silo stops.
        }
    }

    private async Task Look()
    {
        try
        {
            _parked = await grains.GetGrain<IParkedDeliveriesGrain>(provider).Count();
        }
        catch (Exception failure)
        {
            // The last count stands; that the store or a silo is away is told elsewhere.
            LogUncounted(failure);
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Parked deliveries cannot be counted now.")]
    private partial void LogUncounted(Exception failure);
}
