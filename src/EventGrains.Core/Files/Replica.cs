namespace EventGrains.Files;

/// <summary>What the producer that owns one copy said of it last, by that producer's own clock.</summary>
/// <param name="Storage">The storage that holds the copy: the file's own, or a replica storage.</param>
/// <param name="Pool">The pool within that storage, where it has pools; otherwise null.</param>
/// <param name="Path">The copy's path in a replica storage; null for the file's own place.</param>
/// <param name="SaidAt">When, UTC, by the owner's clock. Never compared with another owner's.</param>
/// <param name="Evicted">The pool said that it made room (a cache eviction): not a loss, the storage holds the file elsewhere.</param>
/// <remarks>
/// A last-writer-wins register, so merging is commutative, associative and idempotent: later <paramref name="SaidAt"/>, then
/// state, then the value's bytes. The key is (storage, pool, path); registers of two keys never meet.
/// </remarks>
[GenerateSerializer, Immutable, Alias("EventGrains.Replica")]
public readonly record struct Replica(
    [property: Id(0)] string Storage,
    [property: Id(1)] string? Pool,
    string? Path,
    [property: Id(3)] DateTime SaidAt,
    [property: Id(4)] ReplicaState State,
    [property: Id(5)] Checksum? Checksum = null,
    [property: Id(6)] bool Evicted = false)
{
    [Id(2)]
    private readonly WireName path = Path;

    public string? Path
    {
        get => path.Value;
        init => path = value;
    }

    public static int CompareKeys(in Replica a, in Replica b)
    {
        var byStorage = string.CompareOrdinal(a.Storage, b.Storage);
        if (byStorage != 0)
        {
            return byStorage;
        }

        var byPool = string.CompareOrdinal(a.Pool, b.Pool);
        return byPool != 0 ? byPool : string.CompareOrdinal(a.Path, b.Path);
    }

    /// <summary>Of two statements of one owner, the one that holds. Both must have the same key.</summary>
    public static Replica Merge(in Replica a, in Replica b)
    {
        var order = a.SaidAt.CompareTo(b.SaidAt);
        order = order != 0 ? order : a.State.CompareTo(b.State);
        order = order != 0 ? order : a.Evicted.CompareTo(b.Evicted);
        order = order != 0 ? order : Nullable.Compare(a.Checksum, b.Checksum);
        return order >= 0 ? a : b;
    }

    /// <summary>Whether the two say the same, whatever their clocks.</summary>
    public bool SaysTheSameAs(in Replica other) =>
        State == other.State && Evicted == other.Evicted && Checksum == other.Checksum;
}

/// <summary>A checksum: the algorithm's name in lower case (<c>adler32</c>, <c>md5</c>) and the value in lower-case hexadecimal.</summary>
[GenerateSerializer, Immutable, Alias("EventGrains.Checksum")]
public readonly record struct Checksum([property: Id(0)] string Algorithm, [property: Id(1)] string Value) : IComparable<Checksum>
{
    public int CompareTo(Checksum other)
    {
        var byAlgorithm = string.CompareOrdinal(Algorithm, other.Algorithm);
        return byAlgorithm != 0 ? byAlgorithm : string.CompareOrdinal(Value, other.Value);
    }

    public override string ToString() => $"{Algorithm}:{Value}";
}
