using EventGrains.Contracts.Shards;
using EventGrains.Silo.Store;

namespace EventGrains.Silo.Sources.Logs;

/// <summary>The ownership of a partition by one reader: its epoch, its generations, and where the shards stood when it was claimed.</summary>
/// <remarks>Blocks on the store: for the reader's own thread alone.</remarks>
internal sealed class LogClaim
{
    private readonly IStore store;
    private readonly CancellationToken stop;
    private readonly IReadOnlyList<PositionRow> rows;
    private PartitionRow row;

    public LogClaim(IStore store, string source, string partition, int shards, CancellationToken stop)
    {
        (this.store, this.stop) = (store, stop);
        row = Wait(store.ClaimPartition(source, partition, stop));
        rows = Wait(store.ReadPositions(source, partition, stop));
        Notes = LogNotes.Read(row.Detail);
        var stands = new RangePoint[shards];
        foreach (var at in rows)
        {
            stands[at.Shard] = new RangePoint(at.Generation, at.Position);
        }

        Stands = stands;
    }

    public long ReaderEpoch => row.ReaderEpoch;

    public LogNotes Notes { get; private set; }

    /// <summary>Where each shard stood durably.</summary>
    public IReadOnlyList<RangePoint> Stands { get; }

    /// <summary>What the shards' rows, and its own notes, say of the bytes of one generation.</summary>
    public List<(long Position, string Check)> ChecksOf(LogGeneration generation)
    {
        var checks = rows.Where(r => r.Generation == generation.Number && r.Check is not null).Select(r => (r.Position, r.Check!)).ToList();
        if (generation.StartCheck is { } start)
        {
            checks.Add((generation.Start, start));
        }

        if (generation is { End: { } end, EndCheck: { } check })
        {
            checks.Add((end, check));
        }

        return [.. checks.Distinct()];
    }

    /// <exception cref="ReaderFencedException">A newer reader owns the partition.</exception>
    public void Save(LogNotes notes, RangePoint committed)
    {
        notes = notes.Trim(committed.Generation);
        if (notes == Notes)
        {
            return;
        }

        var next = row with { Generation = notes.Last?.Number ?? 0, Detail = notes.Write() };
        if (!Wait(store.SavePartition(next, stop)))
        {
            throw new ReaderFencedException();
        }

        (row, Notes) = (next, notes);
    }

    private static T Wait<T>(Task<T> task) => task.GetAwaiter().GetResult();
}

/// <summary>A newer reader owns the partition.</summary>
internal sealed class ReaderFencedException() : Exception("a newer reader owns the partition");
