using System.Buffers;
using System.IO.Pipelines;
using EventGrains.Contracts.Transitions;

namespace EventGrains.Gateway.Transitions;

/// <summary>One client's way through the log: from the ring where it reaches back far enough, otherwise from the log itself.</summary>
/// <remarks>
/// <see cref="TransitionTail"/> fills the ring, once for all clients; each client's stream takes what its filter matches and writes it.
/// Either way it moves one cursor forward, so nothing is left out or sent twice where the two meet. Waits for its own client alone:
/// while a flush waits, the cursor stays, and the ring goes on without it.
/// </remarks>
internal sealed class TransitionStream(TransitionTail tail, ITransitionLogGrain reader, TransitionFilter filter, PipeWriter client, GatewaySettings settings, TimeProvider time)
{
    public static readonly TimeSpan HeartbeatEvery = TimeSpan.FromSeconds(15);

    /// <summary>How soon to ask again when neither the ring nor the log had anything: the ring is about to begin.</summary>
    private static readonly TimeSpan AskAgain = TimeSpan.FromMilliseconds(250);

    private readonly RecentTransition[] batch = new RecentTransition[settings.SseBatchMax];
    private Cursor at;
    private long heartbeatAt;
    private bool pending;

    /// <summary>Sends all that matches after <paramref name="after"/>, until the client goes or <paramref name="stop"/> is cancelled.</summary>
    public async Task Run(Cursor after, CancellationToken stop)
    {
        at = after;
        heartbeatAt = time.GetTimestamp();
        client.Write(SseFrame.Opening(at));
        await Flush(stop);
        while (true)
        {
            stop.ThrowIfCancellationRequested();
            var news = tail.News; // before the look: what comes after it wakes us
            if (tail.Ring.TryRead(at, batch, out var count, out var end))
            {
                Send(count);
                at = end;
                await Settle(count == 0 ? news : Task.CompletedTask, HeartbeatEvery, stop);
            }
            else
            {
                await SendPage(news, stop);
            }
        }
    }

    private async Task SendPage(Task news, CancellationToken stop)
    {
        var page = await GrainCalls.Read(() => reader.Read(at, settings.TailPageMax, TimeSpan.Zero), time, stop);
        if (page.Gap is { } gap)
        {
            client.Write(SseFrame.Of(gap));
            pending = true;
        }

        foreach (var chunk in page.Items.Chunk(settings.SseBatchMax))
        {
            foreach (var logged in chunk.Where(logged => filter.Matches(logged.Transition)))
            {
                client.Write(SseFrame.Of(logged));
                pending = true;
            }

            at = chunk[^1].Cursor;
            await Settle(Task.CompletedTask, HeartbeatEvery, stop);
        }

        var nothing = page.Items.Count == 0 && page.Gap is null && page.Next == at;
        at = page.Next;
        await Settle(nothing ? news : Task.CompletedTask, AskAgain, stop);
    }

    private void Send(int count)
    {
        for (var i = 0; i < count; i++)
        {
            if (filter.Matches(batch[i].Logged.Transition))
            {
                client.Write(batch[i].Frame);
                pending = true;
            }
        }

        // A client that sleeps must not keep alive what the ring has let go.
        Array.Clear(batch, 0, count);
    }

    /// <summary>Flushes what was written, says that we are here when it is time, and waits for news.</summary>
    private async ValueTask Settle(Task news, TimeSpan waitMax, CancellationToken stop)
    {
        if (pending)
        {
            await Flush(stop);
        }

        if (!news.IsCompleted)
        {
            var left = HeartbeatEvery - time.GetElapsedTime(heartbeatAt);
            var wait = left < waitMax ? left : waitMax;
            if (wait > TimeSpan.Zero)
            {
                await news.WaitAsync(wait, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        if (time.GetElapsedTime(heartbeatAt) >= HeartbeatEvery)
        {
            heartbeatAt = time.GetTimestamp();
            client.Write(SseFrame.Heartbeat(at));
            await Flush(stop);
        }
    }

    private async ValueTask Flush(CancellationToken stop)
    {
        pending = false;
        if ((await client.FlushAsync(stop)).IsCompleted)
        {
            throw new OperationCanceledException("the client went away");
        }
    }
}
