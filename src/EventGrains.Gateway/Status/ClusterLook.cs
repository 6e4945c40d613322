using EventGrains.Contracts;
using EventGrains.Contracts.Status;
using Microsoft.Extensions.Hosting;

namespace EventGrains.Gateway.Status;

/// <summary>In a gateway without a silo: asks for the cluster's shape until some silo tells it. It never changes after that.</summary>
internal sealed class ClusterLook(ClusterShape shape, IGrainFactory grains, TimeProvider time) : BackgroundService
{
    /// <summary>So long after the start a request waits for the shape: whoever takes us for the gateway that was here before need not notice. Later it is told that nobody answers.</summary>
    public static readonly TimeSpan StartsWithin = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan AskAgain = TimeSpan.FromMilliseconds(500);

    private readonly long _start = time.GetTimestamp();
    private readonly TaskCompletionSource _known = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Over when the shape is known, or has not been for too long.</summary>
    public async Task Beginning(CancellationToken ct)
    {
        if (StartsWithin - time.GetElapsedTime(_start) is var left && !shape.IsKnown && left > TimeSpan.Zero)
        {
            await _known.Task.WaitAsync(left, time, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!shape.IsKnown && !stoppingToken.IsCancellationRequested)
        {
            try
            {
                shape.Learn((await GrainCalls.Read(grains.GetGrain<IStatusGrain>(0).Get, time, stoppingToken)).Shards);
                _known.TrySetResult();
            }
            catch (Exception) when (!stoppingToken.IsCancellationRequested)
            {
                // `/healthz/ready` says why; there is nobody else to tell.
                await Task.Delay(AskAgain, time, stoppingToken);
            }
        }
    }
}
