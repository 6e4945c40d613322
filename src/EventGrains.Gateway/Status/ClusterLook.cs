using EventGrains.Contracts;
using EventGrains.Contracts.Status;
using Microsoft.Extensions.Hosting;

namespace EventGrains.Gateway.Status;

/// <summary>In a gateway without a silo: asks for the cluster's shape until some silo tells it. It never changes after that.</summary>
internal sealed class ClusterLook(ClusterShape shape, IGrainFactory grains, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan AskAgain = TimeSpan.FromMilliseconds(500);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!shape.IsKnown && !stoppingToken.IsCancellationRequested)
        {
            try
            {
                shape.Learn((await grains.GetGrain<IStatusGrain>(0).Get().WaitAsync(stoppingToken)).Shards);
            }
            catch (Exception) when (!stoppingToken.IsCancellationRequested)
            {
                // `/healthz/ready` says why; there is nobody else to tell.
                await Task.Delay(AskAgain, time, stoppingToken);
            }
        }
    }
}
