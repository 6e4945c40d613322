using EventGrains.Silo.Store;
using Orleans.Runtime;
using Orleans.Storage;
using Orleans.Streams;

namespace EventGrains.Silo.Streams;

/// <summary>Where Orleans keeps a stream's own subscriptions; tells the stream's queue of the first and of the last.</summary>
/// <remarks>
/// Orleans also notes who produces for a stream. That alone is not written: it is the agent of a queue, which says so again, and a row for each
/// file with a transition is what makes streams of Orleans slow. A stream that nobody subscribed to costs no read either.
/// </remarks>
internal sealed class SubscriptionStorage(string provider, EventLogStreams streams, StoreGrainStorage rows) : IGrainStorage
{
    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        if (QueueOf(grainId, out var stream) is { } queue && !await queue.IsListenedTo(stream))
        {
            grainState.State = Activator.CreateInstance<T>();
            (grainState.RecordExists, grainState.ETag) = (false, null);
            return;
        }

        await rows.ReadStateAsync(stateName, grainId, grainState);
    }

    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var hasConsumers = HasConsumers(grainState.State);
        if (!hasConsumers && !grainState.RecordExists)
        {
            return;
        }

        // Told before it is written, so that no subscription is ever one that the queue does not know of.
        var queue = QueueOf(grainId, out var stream);
        if (hasConsumers && queue is not null)
        {
            await queue.Listen(stream);
        }

        await rows.WriteStateAsync(stateName, grainId, grainState);
        if (!hasConsumers && queue is not null)
        {
            await queue.Ignore(stream);
        }
    }

    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        if (grainState.RecordExists)
        {
            await rows.ClearStateAsync(stateName, grainId, grainState);
        }

        if (QueueOf(grainId, out var stream) is { } queue)
        {
            await queue.Ignore(stream);
        }
    }

    private IStreamQueueGrain? QueueOf(GrainId grainId, out string stream)
    {
        // The key is PROVIDER/NAMESPACE/KEY.
        var key = grainId.Key.ToString()!;
        stream = key[(key.IndexOf('/', StringComparison.Ordinal) + 1)..];
        return streams.QueueGrainOf(provider, stream);
    }

    /// <summary>The state's type is Orleans' own and hidden; its subscriptions' type is not.</summary>
    private static bool HasConsumers<T>(T state) =>
        typeof(T).GetProperty("Consumers")?.GetValue(state) is IEnumerable<PubSubSubscriptionState> consumers
            ? consumers.Any()
            : throw new NotSupportedException($"{typeof(T)} does not hold a stream's subscriptions as Orleans 10.4 keeps them; write what it holds of {nameof(SubscriptionStorage)} anew");
}
