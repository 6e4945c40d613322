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

    public void Add(ShardCounts other)
    {
        Files += other.Files;
        Bytes += other.Bytes;
        UpdatedAt = UpdatedAt >= other.UpdatedAt ? UpdatedAt : other.UpdatedAt;
        for (var i = 0; i < Statuses; i++)
        {
            PerStatus[i] += other.PerStatus[i];
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
