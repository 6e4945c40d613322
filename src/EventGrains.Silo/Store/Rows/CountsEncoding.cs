using EventGrains.Files;

namespace EventGrains.Silo.Store.Rows;

/// <summary>What one shard counts of one dataset.</summary>
internal sealed class ShardCounts
{
    public static readonly int Statuses = Enum.GetValues<FileStatus>().Length;

    public long Files { get; set; }

    public long Bytes { get; set; }

    /// <summary>Indexed by <see cref="FileStatus"/>.</summary>
    public long[] PerStatus { get; init; } = new long[Statuses];

    public DateTime UpdatedAt { get; set; }

    public void Add(ShardCounts other) => Add(other.Files, other.Bytes, other.PerStatus, other.UpdatedAt);

    public void Add(DatasetDelta delta) => Add(delta.Files, delta.Bytes, delta.Counts, delta.At);

    /// <summary>A sum of sizes that no number holds stays at the last that does; a recount tells what is true again.</summary>
    public static long SumOf(long bytes, long others) => (long)Int128.Clamp((Int128)bytes + others, long.MinValue, long.MaxValue);

    private void Add(long files, long bytes, long[] perStatus, DateTime at)
    {
        Files += files;
        Bytes = SumOf(Bytes, bytes);
        UpdatedAt = UpdatedAt >= at ? UpdatedAt : at;
        for (var i = 0; i < perStatus.Length; i++)
        {
            PerStatus[i] += perStatus[i];
        }
    }
}

/// <summary>The row of a shard's counts of a dataset; both are its key.</summary>
internal static class CountsEncoding
{
    private const int Format = 1;

    public static void Write(RowWriter row, ShardCounts counts)
    {
        row.Byte(Format);
        row.Signed(counts.Files);
        row.Signed(counts.Bytes);
        row.FirstTime(counts.UpdatedAt);
        row.Varint(counts.PerStatus.Length);
        foreach (var count in counts.PerStatus)
        {
            row.Signed(count);
        }
    }

    public static ShardCounts Read(ReadOnlySpan<byte> bytes)
    {
        var row = new RowReader(bytes);
        row.Version("dataset counts", Format);
        var counts = new ShardCounts { Files = row.Signed(), Bytes = row.Signed(), UpdatedAt = row.FirstTime() };
        var statuses = row.Count();
        for (var i = 0; i < statuses && i < ShardCounts.Statuses; i++)
        {
            counts.PerStatus[i] = row.Signed();
        }

        return counts;
    }
}
