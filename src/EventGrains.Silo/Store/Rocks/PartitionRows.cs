using EventGrains.Silo.Store.Rows;
using RocksDbSharp;

namespace EventGrains.Silo.Store.Rocks;

/// <summary>Rows of pulled sources' partitions: who reads each.</summary>
/// <remarks>The caller of <see cref="Claim"/> and <see cref="Save"/> holds the lock that makes reading, comparing and writing one.</remarks>
internal static class PartitionRows
{
    public static PartitionRow Claim(RocksTables tables, string source, string partition, WriteOptions synced)
    {
        var kept = Read(tables, source, partition) ?? new PartitionRow(source, partition, 0, 0, "");
        return Put(tables, kept with { ReaderEpoch = kept.ReaderEpoch + 1 }, synced);
    }

    /// <summary>False when a newer reader owns the partition, or none ever did.</summary>
    public static bool Save(RocksTables tables, PartitionRow row, WriteOptions synced)
    {
        if (Read(tables, row.Source, row.Partition)?.ReaderEpoch != row.ReaderEpoch)
        {
            return false;
        }

        Put(tables, row, synced);
        return true;
    }

    public static List<PartitionRow> Of(RocksTables tables, string source)
    {
        var partitions = new List<PartitionRow>();
        using var scan = new Scan(tables, tables.Partitions, new RowWriter().Partition(source, "").Written);
        while (scan.Next())
        {
            var key = new RowReader(scan.Key);
            key.EndedText();
            partitions.Add(SourceEncoding.ReadPartition(scan.Value, source, key.RawText()));
        }

        return partitions;
    }

    private static PartitionRow? Read(RocksTables tables, string source, string partition) =>
        tables.Database.Get(new RowWriter().Partition(source, partition).Written, tables.Partitions) is { } bytes
            ? SourceEncoding.ReadPartition(bytes, source, partition)
            : null;

    private static PartitionRow Put(RocksTables tables, PartitionRow row, WriteOptions synced)
    {
        var value = new RowWriter();
        SourceEncoding.Write(value, row);
        tables.Database.Put(new RowWriter().Partition(row.Source, row.Partition).Written, value.Written, tables.Partitions, synced);
        return row;
    }
}
