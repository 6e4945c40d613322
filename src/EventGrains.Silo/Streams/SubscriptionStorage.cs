using System.Runtime.CompilerServices;
using EventGrains.Silo.Store;
using Orleans;
using Orleans.Runtime;
using Orleans.Storage;
using Orleans.Streams;

namespace EventGrains.Silo.Streams;

/// <summary>Where Orleans keeps a stream's own subscriptions; tells the stream's queue of each that is made, and of the last that goes.</summary>
/// <remarks>
/// Orleans also notes who produces for a stream. Of a stream that nobody subscribed to that is not written: it is the agent of a queue, which says so
/// again, and a row for each file with a transition is what makes streams of Orleans slow. Such a stream costs no read either.
/// <para>
/// From when its queue is told of a stream, each write finds the row as it was read, or fails: of two activations that a dying silo leaves for a
/// while only one is believed.
/// </para>
/// </remarks>
internal sealed class SubscriptionStorage(string provider, EventLogStreams streams, StoreGrainStorage rows) : IGrainStorage
{
    /// <summary>The ETag of a stream that nobody listened to when it was read.</summary>
    /// <remarks>A zero before its version tells a row without subscribers. Whoever reads an ETag as a number finds the version of the row, or of none.</remarks>
    private const string OfNobody = "0";

    // How many a stream had when its state was read or written last. Not known of an activation that came from another silo: then its next write tells the queue in vain.
    private readonly ConditionalWeakTable<object, Subscribers> _subscribers = [];

    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        if (QueueOf(grainId, out var stream) is { } queue && !await queue.IsListenedTo(stream))
        {
            grainState.State = Activator.CreateInstance<T>();
            (grainState.RecordExists, grainState.ETag) = (false, OfNobody);
            return;
        }

        await rows.ReadStateAsync(stateName, grainId, grainState);
        Note(grainState);
    }

    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var queue = QueueOf(grainId, out var stream);
        var isOfNobody = grainState.ETag == OfNobody;
        if (Count(grainState.State) is var count && count > 0)
        {
            if (isOfNobody)
            {
                await TakeUpRowOfNobody(stateName, grainId, grainState);
            }

            // Told before it is written, so that no subscription is ever one that the queue does not know of.
            if (queue is not null && count > (_subscribers.TryGetValue(grainState, out var known) ? known.Count : 0))
            {
                await queue.Listen(stream);
            }

            await rows.WriteStateAsync(stateName, grainId, grainState);
            Note(grainState);
        }
        else if (HasSubscribers(grainState.ETag))
        {
            // The last one left. Who produces stays known where it is known.
            var state = grainState.State;
            await ClearStateAsync(stateName, grainId, grainState);
            grainState.State = state;
        }
        else if (queue is not null && !isOfNobody)
        {
            // The queue knows of a subscription that was not made. The row stays: one that another activation is making is refused by it.
            await rows.WriteStateAsync(stateName, grainId, grainState);
            Note(grainState);
            await queue.Ignore(stream);
        }
    }

    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        if (grainState.ETag == OfNobody)
        {
            return;
        }

        await rows.ClearStateAsync(stateName, grainId, grainState);
        _subscribers.Remove(grainState);
        if (QueueOf(grainId, out var stream) is { } queue)
        {
            grainState.ETag = OfNobody;
            await queue.Ignore(stream);
        }
    }

    /// <summary>A row without subscribers is the stream's; one with some is another activation's, and stays: the write is refused.</summary>
    private async Task TakeUpRowOfNobody<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var kept = new GrainState<T>(grainState.State);
        await rows.ReadStateAsync(stateName, grainId, kept);
        grainState.ETag = Count(kept.State) > 0 ? null : kept.ETag;
    }

    private void Note<T>(IGrainState<T> grainState)
    {
        var count = Count(grainState.State);
        _subscribers.AddOrUpdate(grainState, new Subscribers(count));
        if (grainState.RecordExists && count == 0)
        {
            grainState.ETag = "0" + grainState.ETag;
        }
    }

    private static bool HasSubscribers(string? etag) => etag is not null && !etag.StartsWith('0');

    private IStreamQueueGrain? QueueOf(GrainId grainId, out string stream)
    {
        // The key is PROVIDER/NAMESPACE/KEY.
        var key = grainId.Key.ToString()!;
        stream = key[(key.IndexOf('/', StringComparison.Ordinal) + 1)..];
        return streams.QueueGrainOf(provider, stream);
    }

    /// <summary>The state's type is Orleans' own and hidden; its subscriptions' type is not.</summary>
    private static int Count<T>(T state) =>
        typeof(T).GetProperty("Consumers")?.GetValue(state) is IEnumerable<PubSubSubscriptionState> consumers
            ? consumers.Count()
            : throw new NotSupportedException($"{typeof(T)} does not hold a stream's subscriptions as Orleans 10.4 keeps them; write what it holds of {nameof(SubscriptionStorage)} anew");

    private sealed record Subscribers(int Count);
}
