using EventGrains.Contracts.Transitions;
using EventGrains.Files;
using EventGrains.Silo.Store;
using Orleans.Runtime;

namespace EventGrains.Silo.Streams;

/// <summary>Reads what a stream carried, as far back as the log goes: a file's history by version, a dataset's out of the log.</summary>
/// <remarks>Reads of all consumers that are behind share <see cref="ReadsMax"/>; further ones wait.</remarks>
internal sealed class StreamHistory(IStore store) : IDisposable
{
    private const int ReadsMax = 8;
    private const int FileEventsMax = 100;
    private const int LogRowsMax = 2_000;

    private readonly SemaphoreSlim _reads = new(ReadsMax);

    /// <param name="Next">Read on from here, if <paramref name="More"/>.</param>
    /// <param name="More">False: up to the end of what is durable.</param>
    public readonly record struct Page(IReadOnlyList<TransitionBatch> Items, Place Next, bool More);

    public async Task<Page> Read(StreamId stream, Place from)
    {
        await _reads.WaitAsync();
        try
        {
            return stream.GetNamespace() == TransitionStreams.Datasets ? await OfDataset(stream, from) : await OfFile(stream, from);
        }
        finally
        {
            _reads.Release();
        }
    }

    public void Dispose() => _reads.Dispose();

    private async Task<Page> OfFile(StreamId stream, Place from)
    {
        // The version in a token of ours spares the beginning; one that a consumer made itself says 0.
        var rows = await store.ReadHistory(FileId.Parse(stream.GetKeyAsString()), Math.Max(0, from.Index - 1), FileEventsMax);
        var items = rows.Select(r => TransitionBatch.OfFile(stream, r)).ToList();
        if (items.Count == 0)
        {
            return new Page([], from, More: false);
        }

        // All may lie before what is wanted, as its number says; then the version tells where to read on.
        var last = items[^1].Place;
        var next = last >= from ? last.After : new Place(from.Number, last.Index + 1);
        return new Page(items.FindAll(i => i.Place >= from), next, rows.Count == FileEventsMax);
    }

    private async Task<Page> OfDataset(StreamId stream, Place from)
    {
        var name = stream.GetKeyAsString();
        var page = await store.ReadLog(new Cursor(store.History, from.Number, from.Index - 1), LogRowsMax);
        var items = page.Items.Where(i => i.Transition.Datasets.Contains(name)).Select(i => TransitionBatch.OfDataset(stream, i)).ToList();
        return new Page(items, new Place(page.Next.Index, page.Next.Ordinal + 1), page.Items.Count == LogRowsMax);
    }
}
