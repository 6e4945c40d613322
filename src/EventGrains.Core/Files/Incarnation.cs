namespace EventGrains.Files;

/// <summary>One life of a name, or one content of a file that is written again; totally ordered within a storage.</summary>
/// <remarks>
/// <see cref="None"/> is the least: dCache never uses a pnfsid twice, so its files have that one alone. S3 gives its
/// <c>sequencer</c>, padded to one width; a watched directory the change time of the completed write. Compared by ordinal bytes.
/// </remarks>
[GenerateSerializer, Immutable, Alias("EventGrains.Incarnation")]
public readonly record struct Incarnation([property: Id(0)] string? Value) : IComparable<Incarnation>
{
    public static readonly Incarnation None;

    public bool IsNone => Value is null;

    public int CompareTo(Incarnation other) => string.CompareOrdinal(Value, other.Value);

    public static bool operator <(Incarnation a, Incarnation b) => a.CompareTo(b) < 0;

    public static bool operator >(Incarnation a, Incarnation b) => a.CompareTo(b) > 0;

    public static bool operator <=(Incarnation a, Incarnation b) => a.CompareTo(b) <= 0;

    public static bool operator >=(Incarnation a, Incarnation b) => a.CompareTo(b) >= 0;

    public override string ToString() => Value ?? "";
}
