using EventGrains.Contracts.Transitions;
using EventGrains.Silo.Store;

namespace EventGrains.Silo.Streams;

/// <summary>Keeps one queue's listeners. Memory is never ahead of storage: a failed write is taken back. Calls the store alone.</summary>
internal sealed class StreamQueueGrain([PersistentState("streamqueue", "Default")] IPersistentState<StreamQueueState> state, IStore store)
    : Grain, IStreamQueueGrain
{
    /// <summary>Streams of one queue with subscribers of their own; at it, subscribing fails. Who wants more subscribes implicitly.</summary>
    private const int ListenersMax = 10_000;

    private StreamQueueState Now => state.State;

    public async Task Listen(string stream)
    {
        if (Now.Listeners.TryGetValue(stream, out var listener))
        {
            await Write(Now with { Listeners = With(stream, listener with { Told = Now.Version + 1 }) });
            return;
        }

        if (Now.Listeners.Count >= ListenersMax)
        {
            throw new InvalidOperationException(
                $"{ListenersMax} streams of this queue have subscribers; unsubscribe those that ended, or subscribe with [ImplicitStreamSubscription]");
        }

        var since = (await store.ReadLogEnds()).Latest;
        await Write(Now with { Listeners = With(stream, new StreamListener(since, Now.Version + 1)) });
    }

    public Task Ignore(string stream) =>
        Now.Listeners.ContainsKey(stream) ? Write(Now with { Listeners = With(stream, null) }) : Task.CompletedTask;

    public Task<bool> IsListenedTo(string stream) => Task.FromResult(Now.Listeners.ContainsKey(stream));

    public Task<StreamQueueState?> Look(long version) => Task.FromResult(version == Now.Version ? null : Now);

    public Task DeliverAgain(ParkedDelivery delivery) =>
        Now.Again.Any(a => a.Number == delivery.Number) ? Task.CompletedTask : Write(Now with { Again = [.. Now.Again, delivery] });

    public Task Delivered(IReadOnlyList<long> numbers) =>
        Now.Again.Any(a => numbers.Contains(a.Number)) ? Write(Now with { Again = [.. Now.Again.Where(a => !numbers.Contains(a.Number))] }) : Task.CompletedTask;

    private Dictionary<string, StreamListener> With(string stream, StreamListener? listener)
    {
        var next = new Dictionary<string, StreamListener>(Now.Listeners);
        next.Remove(stream);
        if (listener is not null)
        {
            next.Add(stream, listener);
        }

        return next;
    }

    private async Task Write(StreamQueueState next)
    {
        var before = state.State;
        state.State = next with { Version = before.Version + 1 };
        try
        {
            await state.WriteStateAsync();
        }
        catch
        {
            state.State = before;
            throw;
        }
    }
}
