using System.Collections.Immutable;

namespace EventGrains.Files;

/// <summary>What the namespace (or a door for it) said of the file's existence.</summary>
/// <param name="SaidAt">The event's time where the storage gives no incarnations and existence is ordered by time; default where it does (dCache, S3, POSIX).</param>
[GenerateSerializer, Immutable, Alias("EventGrains.ExistenceRegister")]
public readonly record struct ExistenceRegister([property: Id(0)] Existence State, [property: Id(1)] DateTime SaidAt = default)
{
    public static ExistenceRegister Merge(in ExistenceRegister a, in ExistenceRegister b) =>
        (a.SaidAt, a.State).CompareTo((b.SaidAt, b.State)) >= 0 ? a : b;
}

/// <summary>Who says where a file is: a hint counts only while nobody better has spoken.</summary>
public enum PathRank : byte
{
    None,

    /// <summary>A pool's record repeats what some door once told it.</summary>
    PoolHint,

    /// <summary>A door's record names the path that a client used.</summary>
    DoorHint,

    /// <summary>The namespace itself: a listing, a rename, an object key.</summary>
    Namespace,
}

/// <summary>Where the file is, relative to its storage's root; begins with <c>/</c>.</summary>
[GenerateSerializer, Immutable, Alias("EventGrains.PathRegister")]
public readonly record struct PathRegister(
    [property: Id(0)] PathRank Rank,
    [property: Id(1)] DateTime SaidAt,
    string? Value)
{
    [Id(2)]
    private readonly WireName path = Value;

    public string? Value
    {
        get => path.Value;
        init => path = value;
    }

    public static PathRegister Merge(in PathRegister a, in PathRegister b)
    {
        var order = a.Rank.CompareTo(b.Rank);
        order = order != 0 ? order : a.SaidAt.CompareTo(b.SaidAt);
        order = order != 0 ? order : string.CompareOrdinal(a.Value, b.Value);
        return order >= 0 ? a : b;
    }
}

/// <summary>How long the file is, in bytes. Only write transfers, store, restore and stat may say it.</summary>
/// <param name="SaidAt">As in <see cref="ExistenceRegister"/>: default where the storage gives incarnations, and then the greatest holds.</param>
[GenerateSerializer, Immutable, Alias("EventGrains.SizeRegister")]
public readonly record struct SizeRegister([property: Id(0)] long? Bytes, [property: Id(1)] DateTime SaidAt = default)
{
    public static SizeRegister Merge(in SizeRegister a, in SizeRegister b)
    {
        if (a.Bytes is null || b.Bytes is null)
        {
            return a.Bytes is null ? b : a;
        }

        return (a.SaidAt, a.Bytes.Value).CompareTo((b.SaidAt, b.Bytes.Value)) >= 0 ? a : b;
    }
}

/// <summary>All that is known of a file, and also all that one event says: an event is a small set of facts, and applying it is <see cref="Join"/>.</summary>
/// <remarks>
/// A join-semilattice: <see cref="Join"/> is commutative, associative and idempotent, and <see cref="Nothing"/> is its least
/// element. So the same events give the same facts in any order, doubled, from any partition. The merge table in
/// <c>src/README.md</c> lists each part with its law; <c>FileFactsLaws</c> in the tests holds them.
/// <para>Never compares the clocks of two producers, and contains no counter (a duplicate would count twice).</para>
/// </remarks>
[GenerateSerializer, Immutable, Alias("EventGrains.FileFacts")]
public sealed class FileFacts : IEquatable<FileFacts>
{
    /// <summary>How many copies are kept apart; of more, the greatest by (storage, pool, path) stay.</summary>
    public const int ReplicasMax = 64;

    /// <summary>How many tape copies are kept; of more, the greatest by ordinal order stay.</summary>
    public const int TapeCopiesMax = 16;

    /// <summary>How many checksums are kept, two values of one algorithm being a conflict to show; of more, the greatest stay.</summary>
    public const int ChecksumsMax = 16;

    public static readonly FileFacts Nothing = new();

    /// <summary>Which content the facts below are about. Facts of a newer incarnation supersede those of an older one.</summary>
    [Id(0)]
    public Incarnation Incarnation { get; init; }

    [Id(1)]
    public ExistenceRegister Existence { get; init; }

    [Id(2)]
    public SizeRegister Size { get; init; }

    /// <summary>Sorted by key; at most one register per copy.</summary>
    [Id(3)]
    public ImmutableArray<Replica> Replicas { get; init; } = [];

    /// <summary>URIs of copies on tape: a sorted set.</summary>
    [Id(4)]
    public ImmutableArray<string> TapeCopies { get; init; } = [];

    /// <summary>A sorted set.</summary>
    [Id(5)]
    public ImmutableArray<Checksum> Checksums { get; init; } = [];

    /// <summary>When a pool last brought this content back from tape, by the pool's clock; default if never heard.</summary>
    [Id(6)]
    public DateTime StagedAt { get; init; }

    /// <summary>Belongs to the file, not to one content of it: survives a new incarnation.</summary>
    [Id(7)]
    public PathRegister Path { get; init; }

    /// <summary>A delete that named an incarnation closes it and all older ones; null if none did.</summary>
    [Id(8)]
    public Incarnation? DeletedThrough { get; init; }

    /// <summary>The least upper bound of two sets of facts; returns <paramref name="a"/> itself when <paramref name="b"/> adds nothing.</summary>
    public static FileFacts Join(FileFacts a, FileFacts b)
    {
        if (ReferenceEquals(a, Nothing))
        {
            return b.Equals(a) ? a : b;
        }

        var path = PathRegister.Merge(a.Path, b.Path);
        var deleted = Max(a.DeletedThrough, b.DeletedThrough);
        var order = a.Incarnation.CompareTo(b.Incarnation);
        var newer = order >= 0 ? a : b;
        if (order != 0)
        {
            return newer.Path == path && newer.DeletedThrough == deleted ? newer : newer.With(path, deleted);
        }

        var joined = new FileFacts
        {
            Incarnation = a.Incarnation,
            Existence = ExistenceRegister.Merge(a.Existence, b.Existence),
            Size = SizeRegister.Merge(a.Size, b.Size),
            Replicas = Union(a.Replicas, b.Replicas),
            TapeCopies = SortedSet.Union(a.TapeCopies, b.TapeCopies, StringComparer.Ordinal, TapeCopiesMax),
            Checksums = SortedSet.Union(a.Checksums, b.Checksums, Comparer<Checksum>.Default, ChecksumsMax),
            StagedAt = a.StagedAt >= b.StagedAt ? a.StagedAt : b.StagedAt,
            Path = path,
            DeletedThrough = deleted,
        };
        return joined.Equals(a) ? a : joined;
    }

    public bool Equals(FileFacts? other) =>
        other is not null
        && (ReferenceEquals(this, other)
            || (Incarnation == other.Incarnation
                && Existence == other.Existence
                && Size == other.Size
                && StagedAt == other.StagedAt
                && Path == other.Path
                && DeletedThrough == other.DeletedThrough
                && Replicas.AsSpan().SequenceEqual(other.Replicas.AsSpan())
                && TapeCopies.AsSpan().SequenceEqual(other.TapeCopies.AsSpan())
                && Checksums.AsSpan().SequenceEqual(other.Checksums.AsSpan())));

    public override bool Equals(object? obj) => Equals(obj as FileFacts);

    public override int GetHashCode() => HashCode.Combine(Incarnation, Existence, Size, StagedAt, Path, DeletedThrough, Replicas.Length);

    private FileFacts With(PathRegister path, Incarnation? deletedThrough) => new()
    {
        Incarnation = Incarnation,
        Existence = Existence,
        Size = Size,
        Replicas = Replicas,
        TapeCopies = TapeCopies,
        Checksums = Checksums,
        StagedAt = StagedAt,
        Path = path,
        DeletedThrough = deletedThrough,
    };

    private static Incarnation? Max(Incarnation? a, Incarnation? b) =>
        a is null ? b : b is null ? a : a.Value >= b.Value ? a : b;

    private static ImmutableArray<Replica> Union(ImmutableArray<Replica> a, ImmutableArray<Replica> b)
    {
        if (b.IsEmpty || a.IsEmpty)
        {
            return b.IsEmpty ? a : b;
        }

        if (b is [var only])
        {
            return With(a, only);
        }

        var union = ImmutableArray.CreateBuilder<Replica>(a.Length + b.Length);
        for (int i = 0, j = 0; i < a.Length || j < b.Length;)
        {
            var order = i == a.Length ? 1 : j == b.Length ? -1 : Replica.CompareKeys(a[i], b[j]);
            union.Add(order < 0 ? a[i] : order > 0 ? b[j] : Replica.Merge(a[i], b[j]));
            i += order <= 0 ? 1 : 0;
            j += order >= 0 ? 1 : 0;
        }

        return SortedSet.Greatest(union, ReplicasMax);
    }

    /// <summary>The union with one register, which is what most events say; <paramref name="a"/> itself when it adds nothing.</summary>
    private static ImmutableArray<Replica> With(ImmutableArray<Replica> a, in Replica only)
    {
        var place = 0;
        var order = -1;
        while (place < a.Length && (order = Replica.CompareKeys(a[place], only)) < 0)
        {
            place++;
        }

        if (place < a.Length && order == 0)
        {
            var merged = Replica.Merge(a[place], only);
            return merged == a[place] ? a : a.SetItem(place, merged);
        }

        // At the bound the least leaves: the new one, or the one that was the least.
        return a.Length < ReplicasMax ? a.Insert(place, only) : place == 0 ? a : a.Insert(place, only).RemoveAt(0);
    }
}
