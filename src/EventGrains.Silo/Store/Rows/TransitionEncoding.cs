using System.Collections.Immutable;
using System.Runtime.InteropServices;
using EventGrains.Files;

namespace EventGrains.Silo.Store.Rows;

/// <summary>A transition's row in the log. Its place (commit index, ordinal) is the key.</summary>
internal static class TransitionEncoding
{
    /// <summary>From 2 on with the sequence.</summary>
    private const int Format = 2;

    [Flags]
    private enum Has : uint
    {
        Path = 1,
        Size = 1 << 1,
        Datasets = 1 << 2,
        Partition = 1 << 3,
        Position = 1 << 4,
        Rule = 1 << 5,
        Step = 1 << 6,
        StepState = 1 << 7,
    }

    /// <param name="number">The file's number: with it, pruning finds the row of the file's history, and the shard.</param>
    /// <param name="sequence">The shard's own; 0 where it is kept beside the row.</param>
    public static void Write(RowWriter row, Transition transition, long number, long sequence = 0)
    {
        var cause = transition.Cause;
        var has = (transition.Path is null ? 0 : Has.Path)
            | (transition.Size is null ? 0 : Has.Size)
            | (transition.Datasets.IsDefaultOrEmpty ? 0 : Has.Datasets)
            | (cause.Partition is null ? 0 : Has.Partition)
            | (cause.Position is null ? 0 : Has.Position)
            | (transition.Rule is null ? 0 : Has.Rule)
            | (transition.Step is null ? 0 : Has.Step)
            | (transition.StepState is null ? 0 : Has.StepState);
        row.Byte(Format);
        row.Varint(number);
        row.Varint(transition.Version);
        row.Varint(sequence);
        row.Varint((ulong)has);
        row.Text(transition.Id.Storage);
        row.Text(transition.Id.Native);
        row.FirstTime(transition.At);
        row.Byte((int)transition.Kind);
        row.Varint(transition.Changes.Length);
        foreach (var change in transition.Changes)
        {
            row.Byte((int)change);
        }

        row.Byte((int)transition.Status);
        row.Byte((int)transition.Existence);
        row.Byte((int)transition.Locality);
        TextEncoding.WriteIfAny(row, transition.Path);
        WriteIfAny(row, transition.Size);
        row.Text(cause.Source);
        row.Text(cause.Type);
        TextEncoding.WriteIfAny(row, cause.Partition);
        WriteIfAny(row, cause.Position);
        TextEncoding.WriteIfAny(row, transition.Rule);
        TextEncoding.WriteIfAny(row, transition.Step);
        if (transition.StepState is { } state)
        {
            row.Byte((int)state);
        }

        if (has.HasFlag(Has.Datasets))
        {
            TextEncoding.WriteMany(row, transition.Datasets);
        }
    }

    public static Transition Read(ReadOnlySpan<byte> bytes) => Read(bytes, out _);

    public static Transition Read(ReadOnlySpan<byte> bytes, out TransitionSubject subject)
    {
        var row = new RowReader(bytes);
        subject = ReadSubject(ref row);
        var has = (Has)row.Varint();
        return new Transition
        {
            Version = subject.Version,
            Id = new FileId(row.Name(), row.Text()),
            At = row.FirstTime(),
            Kind = (TransitionKind)row.Byte(),
            Changes = ReadChanges(ref row),
            Status = (FileStatus)row.Byte(),
            Existence = (Existence)row.Byte(),
            Locality = (Locality)row.Byte(),
            Path = has.HasFlag(Has.Path) ? row.Text() : null,
            Size = has.HasFlag(Has.Size) ? row.Signed() : null,
            Cause = ReadCause(ref row, has),
            Rule = has.HasFlag(Has.Rule) ? row.Name() : null,
            Step = has.HasFlag(Has.Step) ? row.Name() : null,
            StepState = has.HasFlag(Has.StepState) ? (StepState)row.Byte() : null,
            Datasets = has.HasFlag(Has.Datasets) ? TextEncoding.ReadMany(ref row) : [],
        };
    }

    /// <summary>Whose transition it is, without the rest: all that pruning needs.</summary>
    public static TransitionSubject ReadSubject(ReadOnlySpan<byte> bytes)
    {
        var row = new RowReader(bytes);
        return ReadSubject(ref row);
    }

    private static TransitionSubject ReadSubject(ref RowReader row)
    {
        var format = row.Version("transition", Format);
        return new TransitionSubject((long)row.Varint(), (int)row.Varint(), format < 2 ? 0 : (long)row.Varint());
    }

    private static Cause ReadCause(ref RowReader row, Has has)
    {
        var source = row.Name();
        var type = row.Name();
        var partition = has.HasFlag(Has.Partition) ? row.Name() : null;
        return new Cause(source, partition, has.HasFlag(Has.Position) ? row.Signed() : null, type);
    }

    private static ImmutableArray<TransitionKind> ReadChanges(ref RowReader row)
    {
        var bytes = row.Bytes();
        var changes = new TransitionKind[bytes.Length];
        for (var i = 0; i < changes.Length; i++)
        {
            changes[i] = (TransitionKind)bytes[i];
        }

        return ImmutableCollectionsMarshal.AsImmutableArray(changes);
    }

    private static void WriteIfAny(RowWriter row, long? number)
    {
        if (number is { } value)
        {
            row.Signed(value);
        }
    }
}

/// <param name="Number">The file's; its shard is in the high 16 bits.</param>
/// <param name="Sequence">The shard's own; 0 when it is not in the row.</param>
internal readonly record struct TransitionSubject(long Number, int Version, long Sequence);
