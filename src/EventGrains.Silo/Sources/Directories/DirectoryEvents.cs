using EventGrains.Contracts.Shards;
using EventGrains.Events;

namespace EventGrains.Silo.Sources.Directories;

/// <summary>Hands events to the shards of their files and comes back when all are durable: a directory can always be looked at again, so it is tried until it works.</summary>
internal sealed class DirectoryEvents(DirectoryContext context)
{
    /// <summary>Events in one call to a shard.</summary>
    public const int BatchEventsMax = 500;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan PauseMax = TimeSpan.FromSeconds(5);

    /// <summary>Why nothing gets through; null when it does.</summary>
    public Complaint? Trouble { get; private set; }

    public async Task Apply(IReadOnlyList<StorageEvent> events, CancellationToken ct) =>
        await Task.WhenAll(events
            .GroupBy(e => e.File.ShardOf(context.Shards.Count))
            .SelectMany(g => g.Chunk(BatchEventsMax).Select(chunk => (Shard: g.Key, Chunk: chunk)))
            .Select(b => UntilDurable(() => Apply(b.Shard, b.Chunk), ct)));

    public async Task Take(IReadOnlyList<CopySighting> sightings, CancellationToken ct)
    {
        if (context.Copies is { } copies)
        {
            foreach (var chunk in sightings.Chunk(BatchEventsMax))
            {
                await UntilDurable(() => copies.Take(chunk, ct), ct);
                SourceMetrics.Count(context.Source.Name, chunk.Length, 0);
            }
        }
    }

    private async Task Apply(int shard, StorageEvent[] events)
    {
        var answer = await context.Shards.Apply(shard, new EventBatch(context.Source.Name, events));
        var failed = answer.Failed.IsDefault ? 0 : answer.Failed.Length;
        SourceMetrics.Count(context.Source.Name, events.Length - failed, failed);
    }

    private async Task UntilDurable(Func<Task> act, CancellationToken ct)
    {
        for (var pause = FirstPause; ; pause = pause * 2 > PauseMax ? PauseMax : pause * 2)
        {
            ct.ThrowIfCancellationRequested();
            try
            {
                await act();
                Trouble = null;
                return;
            }
            catch (Exception failure) when (!ct.IsCancellationRequested)
            {
                Trouble = new Complaint($"events do not become durable: {failure.Message}", "they are sent until they do; see what is wrong with the store");
            }

            await Task.Delay(pause, context.Time, ct);
        }
    }
}
