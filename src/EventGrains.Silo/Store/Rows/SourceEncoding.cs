using EventGrains.Contracts.Shards;

namespace EventGrains.Silo.Store.Rows;

/// <summary>Rows of pulled sources: a shard's position in a partition, and the partition itself. Their names are their keys.</summary>
internal static class SourceEncoding
{
    private const int Format = 1;

    public static void Write(RowWriter row, PositionRow position)
    {
        row.Byte(Format);
        row.Signed(position.ReaderEpoch);
        row.Signed(position.Generation);
        row.Signed(position.Position);
        row.Varint(position.Check is null ? 0UL : 1);
        TextEncoding.WriteIfAny(row, position.Check);
    }

    public static PositionRow ReadPosition(ReadOnlySpan<byte> bytes, int shard, string source, string partition)
    {
        var row = new RowReader(bytes);
        row.Version("position", Format);
        return new PositionRow(shard, source, partition, row.Signed(), row.Signed(), row.Signed(), row.Varint() == 0 ? null : row.Text());
    }

    public static void Write(RowWriter row, PartitionRow partition)
    {
        row.Byte(Format);
        row.Signed(partition.ReaderEpoch);
        row.Signed(partition.Generation);
        row.Text(partition.Detail);
    }

    public static PartitionRow ReadPartition(ReadOnlySpan<byte> bytes, string source, string partition)
    {
        var row = new RowReader(bytes);
        row.Version("partition", Format);
        return new PartitionRow(source, partition, row.Signed(), row.Signed(), row.Text());
    }

    public static void Write(RowWriter row, DeadLetter letter)
    {
        row.Byte(Format);
        row.Byte((letter.Partition is null ? 0 : 1) | (letter.Generation is null ? 0 : 2) | (letter.Position is null ? 0 : 4));
        row.Text(letter.Source);
        TextEncoding.WriteIfAny(row, letter.Partition);
        row.Signed(letter.Generation ?? 0);
        row.Signed(letter.Position ?? 0);
        row.Text(letter.Reason);
        row.FirstTime(letter.At);
        row.Bytes(letter.Bytes);
    }

    public static DeadLetter ReadDeadLetter(ReadOnlySpan<byte> bytes)
    {
        var row = new RowReader(bytes);
        row.Version("dead letter", Format);
        var has = row.Byte();
        var source = row.Name();
        var partition = (has & 1) == 0 ? null : row.Text();
        var generation = row.Signed();
        var position = row.Signed();
        var reason = row.Text();
        var at = row.FirstTime();
        return new DeadLetter(source, partition, (has & 2) == 0 ? null : generation, (has & 4) == 0 ? null : position, reason, row.Bytes().ToArray(), at);
    }
}
