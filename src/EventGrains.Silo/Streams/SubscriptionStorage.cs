using System.Collections;
using EventGrains.Silo.Store;
using Orleans;
using Orleans.Runtime;
using Orleans.Storage;
using Orleans.Streams;

namespace EventGrains.Silo.Streams;

/// <summary>Where Orleans keeps a stream's own subscriptions; tells the stream's queue of the first, of the last, and of one that no agent would hear of.</summary>
/// <remarks>
/// Orleans also notes who produces for a stream. Of a stream that nobody subscribed to that is not written: it is the agent of a queue, which says so
/// again, and a row for each file with a transition is what makes streams of Orleans slow. Such a stream costs no read either.
/// <para>
/// From when its queue is told of a stream, each write finds the row as it was read, or fails: of two activations that a dying silo leaves for a
/// while only one is believed, and an agent that came between the queue's knowing and the subscription is in the row and hears of it.
/// </para>
/// </remarks>
internal sealed class SubscriptionStorage(string provider, EventLogStreams streams, StoreGrainStorage rows) : IGrainStorage
{
    // Properties of Orleans' own state of a stream.
    private const string Consumers = "Consumers";
    private const string Producers = "Producers";

    /// <summary>The ETag of a stream that nobody listened to when it was read.</summary>
    /// <remarks>A zero before its version tells a row without subscribers. Whoever reads an ETag as a number finds the version of the row, or of none.</remarks>
    private const string OfNobody = "0";

    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        if (QueueOf(grainId, out var stream) is { } queue && !await queue.IsListenedTo(stream))
        {
            grainState.State = Activator.CreateInstance<T>();
            (grainState.RecordExists, grainState.ETag) = (false, OfNobody);
            return;
        }

        await rows.ReadStateAsync(stateName, grainId, grainState);
        Mark(grainState);
    }

    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var queue = QueueOf(grainId, out var stream);
        var hadSubscribers = grainState.ETag is not null && !grainState.ETag.StartsWith('0');
        if (Has(grainState.State, Consumers))
        {
            // Told before it is written, so that no subscription is ever one that the queue does not know of. Whom Orleans knows to produce for subscribers it tells itself.
            if (queue is not null && grainState.ETag == OfNobody)
            {
                await TakeUpWhatNobodyListensTo(stateName, grainId, grainState, queue, stream);
            }

            if (queue is not null && !(hadSubscribers && Has(grainState.State, Producers)))
            {
                await queue.Listen(stream);
            }

            await rows.WriteStateAsync(stateName, grainId, grainState);
        }
        else if (hadSubscribers)
        {
            // The last one left. Who produces stays known where it is known.
            var state = grainState.State;
            await ClearStateAsync(stateName, grainId, grainState);
            grainState.State = state;
        }
        else if (queue is not null && grainState.ETag != OfNobody)
        {
            await rows.WriteStateAsync(stateName, grainId, grainState);
            Mark(grainState);
        }
    }

    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        if (grainState.ETag == OfNobody)
        {
            return;
        }

        await rows.ClearStateAsync(stateName, grainId, grainState);
        if (QueueOf(grainId, out var stream) is { } queue)
        {
            grainState.ETag = OfNobody;
            await queue.Ignore(stream);
        }
    }

    /// <summary>A row that an older release left without subscribers is the stream's, as long as nobody listens to it; then another activation has read more than this one.</summary>
    private async Task TakeUpWhatNobodyListensTo<T>(string stateName, GrainId grainId, IGrainState<T> grainState, IStreamQueueGrain queue, string stream)
    {
        if (await queue.IsListenedTo(stream))
        {
            throw new InconsistentStateException($"{stream} got a subscriber by another activation", "not known", OfNobody);
        }

        var kept = new GrainState<T>(grainState.State);
        await rows.ReadStateAsync(stateName, grainId, kept);
        grainState.ETag = Has(kept.State, Consumers) ? null : kept.ETag;
    }

    private static void Mark<T>(IGrainState<T> grainState)
    {
        if (grainState.RecordExists && !Has(grainState.State, Consumers))
        {
            grainState.ETag = "0" + grainState.ETag;
        }
    }

    private IStreamQueueGrain? QueueOf(GrainId grainId, out string stream)
    {
        // The key is PROVIDER/NAMESPACE/KEY.
        var key = grainId.Key.ToString()!;
        stream = key[(key.IndexOf('/', StringComparison.Ordinal) + 1)..];
        return streams.QueueGrainOf(provider, stream);
    }

    /// <summary>The state's type is Orleans' own and hidden.</summary>
    private static bool Has<T>(T state, string what) =>
        typeof(T).GetProperty(what)?.GetValue(state) is IEnumerable all
            ? all.Cast<object>().Any()
            : throw new NotSupportedException($"{typeof(T)} does not hold a stream's subscriptions as Orleans 10.4 keeps them; write what it holds of {nameof(SubscriptionStorage)} anew");
}
