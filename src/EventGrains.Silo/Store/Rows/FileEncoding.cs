using System.Collections.Immutable;
using System.Runtime.InteropServices;
using EventGrains.Files;

namespace EventGrains.Silo.Store.Rows;

/// <summary>The row of a file's state. Its number is the key and is not repeated; what is not known takes no byte.</summary>
internal static class FileEncoding
{
    private const int Format = 1;

    [Flags]
    private enum Has : uint
    {
        ExistenceMask = 7,
        ExistenceTime = 1 << 3,
        Size = 1 << 4,
        SizeTime = 1 << 5,
        Path = 1 << 6,
        Replicas = 1 << 7,
        UpdatedAt = 1 << 8,
        Checksums = 1 << 9,
        TapeCopies = 1 << 10,
        StagedAt = 1 << 11,
        Datasets = 1 << 12,
        Steps = 1 << 13,
        Incarnation = 1 << 14,
        DeletedThrough = 1 << 15,
        DeletedThroughValue = 1 << 16,
    }

    public static void Write(RowWriter row, FileState file)
    {
        var facts = file.Facts;
        var has = Parts(file, facts);
        row.Byte(Format);
        row.Varint((ulong)has);
        row.Varint(file.Version);
        row.Text(file.Id.Storage);
        row.Text(file.Id.Native);
        if (has.HasFlag(Has.UpdatedAt))
        {
            row.FirstTime(file.UpdatedAt);
        }

        WriteFacts(row, facts, has, file.Id.Storage);
        if (has.HasFlag(Has.Datasets))
        {
            TextEncoding.WriteMany(row, file.Datasets);
        }

        if (has.HasFlag(Has.Steps))
        {
            row.Varint(file.Steps.Length);
            foreach (var step in file.Steps)
            {
                StepEncoding.Write(row, step);
            }
        }
    }

    public static FileState Read(ReadOnlySpan<byte> bytes, long number)
    {
        var row = new RowReader(bytes);
        row.Version("file", Format);
        var has = (Has)row.Varint();
        var version = (int)row.Varint();
        var id = new FileId(row.Name(), row.Text());
        var updatedAt = has.HasFlag(Has.UpdatedAt) ? row.FirstTime() : default;
        return new FileState
        {
            Number = number,
            Id = id,
            Version = version,
            UpdatedAt = updatedAt,
            Facts = ReadFacts(ref row, has, id.Storage),
            Datasets = has.HasFlag(Has.Datasets) ? TextEncoding.ReadMany(ref row) : [],
            Steps = has.HasFlag(Has.Steps) ? ReadSteps(ref row) : [],
        };
    }

    private static Has Parts(FileState file, FileFacts facts)
    {
        var has = (Has)facts.Existence.State & Has.ExistenceMask;
        has |= facts.Existence.SaidAt.Ticks != 0 ? Has.ExistenceTime : 0;
        has |= facts.Size.Bytes is not null ? Has.Size : 0;
        has |= facts.Size.SaidAt.Ticks != 0 ? Has.SizeTime : 0;
        has |= facts.Path != default ? Has.Path : 0;
        has |= facts.Replicas.IsDefaultOrEmpty ? 0 : Has.Replicas;
        has |= facts.Checksums.IsDefaultOrEmpty ? 0 : Has.Checksums;
        has |= facts.TapeCopies.IsDefaultOrEmpty ? 0 : Has.TapeCopies;
        has |= facts.StagedAt.Ticks != 0 ? Has.StagedAt : 0;
        has |= facts.Incarnation.IsNone ? 0 : Has.Incarnation;
        has |= facts.DeletedThrough is null ? 0 : Has.DeletedThrough;
        has |= facts.DeletedThrough is { IsNone: false } ? Has.DeletedThroughValue : 0;
        has |= file.UpdatedAt.Ticks != 0 ? Has.UpdatedAt : 0;
        has |= file.Datasets.IsDefaultOrEmpty ? 0 : Has.Datasets;
        has |= file.Steps.IsDefaultOrEmpty ? 0 : Has.Steps;
        return has;
    }

    private static void WriteFacts(RowWriter row, FileFacts facts, Has has, string storage)
    {
        if (has.HasFlag(Has.Incarnation))
        {
            row.Text(facts.Incarnation.Value!);
        }

        if (has.HasFlag(Has.DeletedThroughValue))
        {
            row.Text(facts.DeletedThrough!.Value.Value!);
        }

        if (has.HasFlag(Has.ExistenceTime))
        {
            row.Time(facts.Existence.SaidAt);
        }

        if (has.HasFlag(Has.Size))
        {
            row.Signed(facts.Size.Bytes!.Value);
        }

        if (has.HasFlag(Has.SizeTime))
        {
            row.Time(facts.Size.SaidAt);
        }

        if (has.HasFlag(Has.Path))
        {
            row.Byte(((int)facts.Path.Rank << 1) | (facts.Path.Value is null ? 0 : 1));
            row.Time(facts.Path.SaidAt);
            TextEncoding.WriteIfAny(row, facts.Path.Value);
        }

        if (has.HasFlag(Has.Replicas))
        {
            row.Varint(facts.Replicas.Length);
            foreach (ref readonly var replica in facts.Replicas.AsSpan())
            {
                ReplicaEncoding.Write(row, replica, storage);
            }
        }

        if (has.HasFlag(Has.Checksums))
        {
            row.Varint(facts.Checksums.Length);
            foreach (ref readonly var checksum in facts.Checksums.AsSpan())
            {
                ChecksumEncoding.Write(row, checksum);
            }
        }

        if (has.HasFlag(Has.TapeCopies))
        {
            TextEncoding.WriteMany(row, facts.TapeCopies);
        }

        if (has.HasFlag(Has.StagedAt))
        {
            row.Time(facts.StagedAt);
        }
    }

    private static FileFacts ReadFacts(ref RowReader row, Has has, string storage)
    {
        // In the order in which they were written; an object initializer runs in its order.
        return new FileFacts
        {
            Incarnation = has.HasFlag(Has.Incarnation) ? new Incarnation(row.Text()) : default,
            DeletedThrough = !has.HasFlag(Has.DeletedThrough) ? null : new Incarnation(has.HasFlag(Has.DeletedThroughValue) ? row.Text() : null),
            Existence = new ExistenceRegister((Existence)(has & Has.ExistenceMask), has.HasFlag(Has.ExistenceTime) ? row.Time() : default),
            Size = new SizeRegister(has.HasFlag(Has.Size) ? row.Signed() : null, has.HasFlag(Has.SizeTime) ? row.Time() : default),
            Path = has.HasFlag(Has.Path) ? ReadPath(ref row) : default,
            Replicas = has.HasFlag(Has.Replicas) ? ReadReplicas(ref row, storage) : [],
            Checksums = has.HasFlag(Has.Checksums) ? ReadChecksums(ref row) : [],
            TapeCopies = has.HasFlag(Has.TapeCopies) ? TextEncoding.ReadMany(ref row) : [],
            StagedAt = has.HasFlag(Has.StagedAt) ? row.Time() : default,
        };
    }

    private static PathRegister ReadPath(ref RowReader row)
    {
        var head = row.Byte();
        return new PathRegister((PathRank)(head >> 1), row.Time(), (head & 1) == 0 ? null : row.Text());
    }

    private static ImmutableArray<Replica> ReadReplicas(ref RowReader row, string storage)
    {
        var replicas = new Replica[row.Count()];
        for (var i = 0; i < replicas.Length; i++)
        {
            replicas[i] = ReplicaEncoding.Read(ref row, storage);
        }

        return ImmutableCollectionsMarshal.AsImmutableArray(replicas);
    }

    private static ImmutableArray<Checksum> ReadChecksums(ref RowReader row)
    {
        var checksums = new Checksum[row.Count()];
        for (var i = 0; i < checksums.Length; i++)
        {
            checksums[i] = ChecksumEncoding.Read(ref row);
        }

        return ImmutableCollectionsMarshal.AsImmutableArray(checksums);
    }

    private static ImmutableArray<Step> ReadSteps(ref RowReader row)
    {
        var steps = new Step[row.Count()];
        for (var i = 0; i < steps.Length; i++)
        {
            steps[i] = StepEncoding.Read(ref row);
        }

        return ImmutableCollectionsMarshal.AsImmutableArray(steps);
    }
}
