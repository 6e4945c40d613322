using System.Diagnostics.Metrics;
using EventGrains.Contracts;
using EventGrains.Contracts.Transitions;
using EventGrains.Gateway.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EventGrains.Gateway.Transitions;

/// <summary>The gateway's one reader of the newest transitions, for all its clients; reads only while there is one.</summary>
internal sealed partial class TransitionTail(IGrainFactory grains, GatewaySettings settings, TimeProvider time, ILogger<TransitionTail> log) : BackgroundService
{
    /// <summary>How long the log may hold a read open when nothing happens.</summary>
    private static readonly TimeSpan ReadWait = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan RetryMin = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan RetryMax = TimeSpan.FromSeconds(5);

    private static readonly UpDownCounter<int> Counted = Telemetry.Meter.CreateUpDownCounter<int>(
        "eventgrains_sse_clients", description: "Clients that follow transitions now.");

    private readonly TransitionRing ring = new(settings.TailRingMax);
    private readonly SemaphoreSlim wanted = new(0, 1);
    private TaskCompletionSource news = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int clients;

    public int Clients => Volatile.Read(ref clients);

    /// <summary>Done when something was added after this was asked for. Ask before reading, or what comes in between is missed.</summary>
    public Task News => Volatile.Read(ref news).Task;

    public TransitionRing Ring => ring;

    /// <summary>Lets one more client in, until it is disposed.</summary>
    /// <exception cref="ProblemException">503: there are as many as allowed.</exception>
    public IDisposable Enter()
    {
        var now = Interlocked.Increment(ref clients);
        if (now > settings.SseClientsMax)
        {
            Interlocked.Decrement(ref clients);
            throw ProblemException.Unavailable($"{settings.SseClientsMax} clients follow transitions already (sseClientsMax)", "come back after Retry-After", retryAfterSeconds: 10);
        }

        Counted.Add(1);
        if (now == 1)
        {
            Wake();
        }

        return new Seat(this);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                await wanted.WaitAsync(stoppingToken);
                await Follow(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The gateway stops.
        }
    }

    private async Task Follow(CancellationToken stop)
    {
        var reader = grains.GetGrain<ITransitionLogGrain>(0);
        var standing = false;
        var pause = RetryMin;
        while (Clients > 0 && !stop.IsCancellationRequested)
        {
            try
            {
                if (!standing)
                {
                    ring.Restart((await GrainCalls.Read(reader.GetEnds, time, stop)).Latest);
                    standing = true;
                    Announce();
                }

                await ReadOn(reader, stop);
                pause = RetryMin;
            }
            catch (Exception failure) when (!stop.IsCancellationRequested)
            {
                // The ring stays as it is, and reading goes on from its head: nothing is lost by a log that was away.
                Failed(failure, pause);
                await Task.Delay(pause, time, stop);
                pause = pause * 2 > RetryMax ? RetryMax : pause * 2;
            }
        }
    }

    private async Task ReadOn(ITransitionLogGrain reader, CancellationToken stop)
    {
        var page = await GrainCalls.Read(() => reader.Read(ring.Head, settings.TailPageMax, ReadWait), time, stop);
        if (page.Gap is { } gap)
        {
            ring.Restart(gap.To);
        }

        if (page.Items.Count > 0 || page.Gap is not null || page.Next != ring.Head)
        {
            ring.Append(page.Items, page.Next);
            Announce();
        }
    }

    // Also when the ring begins anew: a client that stood at its old head may now have to read the log for what came between.
    private void Announce() =>
        Interlocked.Exchange(ref news, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();

    private void Wake()
    {
        try
        {
            wanted.Release();
        }
        catch (SemaphoreFullException)
        {
            // It is awake, or about to be.
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The transition log did not answer; asking again in {Pause}")]
    private partial void Failed(Exception failure, TimeSpan pause);

    private sealed class Seat(TransitionTail tail) : IDisposable
    {
        private TransitionTail? held = tail;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref held, null) is { } tail)
            {
                Interlocked.Decrement(ref tail.clients);
                Counted.Add(-1);
            }
        }
    }
}
