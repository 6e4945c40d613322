using System.Diagnostics.Metrics;
using EventGrains.Contracts;
using EventGrains.Gateway.Http;

namespace EventGrains.Gateway.Events;

/// <summary>Bounds how many events the shards have of all requests together; what comes beyond waits here for its turn, where waiting costs the silos nothing.</summary>
/// <remarks>
/// A cluster that is given more than it can do would otherwise work on what its senders no longer wait for, and do it again when they send it
/// again. Turns are given in the order of asking. As long as fewer are at work the next request is let in however large it is: while the shards of
/// one make theirs durable, those of another decide. So at most a request more than the bound is at work.
/// </remarks>
internal sealed class IntakeRoom(int eventsMax, TimeSpan waitMax, TimeProvider time)
{
    private static readonly UpDownCounter<long> WaitingNow = Telemetry.Meter.CreateUpDownCounter<long>(
        "eventgrains_intake_waiting", description: "Requests that wait until the shards have room for their events.");

    private readonly Lock door = new();
    private readonly LinkedList<Place> waiting = [];
    private int atWork;

    /// <summary>Requests that wait for their turn.</summary>
    public int Waiting
    {
        get
        {
            lock (door)
            {
                return waiting.Count;
            }
        }
    }

    /// <summary>Waits for room; dispose the place when the shards are done.</summary>
    /// <exception cref="ProblemException">503: there was none in time.</exception>
    public async Task<Place> Enter(int events, CancellationToken stop)
    {
        var place = new Place(this, events);
        lock (door)
        {
            waiting.AddLast(place);
            WaitingNow.Add(1);
            LetIn();
        }

        try
        {
            await place.Turn.WaitAsync(waitMax, time, stop);
            return place;
        }
        catch (TimeoutException)
        {
            place.Dispose();
            throw ProblemException.Unavailable(
                $"more comes than the silos take: {eventsMax} events are at work (intakeEventsMax), and there was no room for {waitMax.TotalSeconds:0.#} s",
                "send the same bytes again after Retry-After; nothing of this request was kept",
                retryAfterSeconds: 2);
        }
        catch
        {
            place.Dispose();
            throw;
        }
    }

    private void Leave(Place place)
    {
        lock (door)
        {
            if (waiting.Remove(place))
            {
                WaitingNow.Add(-1);
            }
            else
            {
                atWork -= place.Events;
            }

            LetIn();
        }
    }

    private void LetIn()
    {
        while (waiting.First?.Value is { } next && atWork < eventsMax)
        {
            waiting.RemoveFirst();
            WaitingNow.Add(-1);
            atWork += next.Events;
            next.Come();
        }
    }

    internal sealed class Place(IntakeRoom room, int events) : IDisposable
    {
        private readonly TaskCompletionSource turn = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int isLeft;

        public int Events => events;

        public Task Turn => turn.Task;

        public void Come() => turn.SetResult();

        public void Dispose()
        {
            if (Interlocked.Exchange(ref isLeft, 1) == 0)
            {
                room.Leave(this);
            }
        }
    }
}
