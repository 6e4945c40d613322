using System.Collections.Immutable;

namespace EventGrains.Rules;

/// <summary>Which silos see files or a directory, by their names: all, unless a rule file names some.</summary>
/// <remarks>Case matters, and a name is taken as it is: it holds no wildcards. Equal when the same silos are named.</remarks>
public sealed class SiloNames : IEquatable<SiloNames>
{
    public static readonly SiloNames All = new(null);

    private readonly ImmutableSortedSet<string>? names;

    private SiloNames(ImmutableSortedSet<string>? names) => this.names = names;

    public static SiloNames Of(params IEnumerable<string> names) => new(names.ToImmutableSortedSet(StringComparer.Ordinal));

    public bool AreAll => names is null;

    /// <summary>No silo sees it: two sets were joined that have no name in common.</summary>
    public bool AreNone => names is { IsEmpty: true };

    /// <summary>Those that were named, in order; none when all silos see it.</summary>
    public IReadOnlyCollection<string> Named => names ?? ImmutableSortedSet<string>.Empty;

    public bool Include(string? silo) => names is null || (silo is not null && names.Contains(silo));

    /// <summary>The silos that see both.</summary>
    public SiloNames And(SiloNames other) =>
        names is null ? other : other.names is null ? this : new SiloNames(names.Intersect(other.names));

    /// <summary>Those of some silos that see it, in the order in which they came.</summary>
    /// <param name="nameOf">Null for a silo whose name is not known: it is taken to see only what all silos see.</param>
    public T[] Among<T>(IEnumerable<T> silos, Func<T, string?> nameOf) => [.. silos.Where(silo => Include(nameOf(silo)))];

    public bool Equals(SiloNames? other) =>
        other is not null && (names is null ? other.names is null : other.names is not null && names.SetEquals(other.names));

    public override bool Equals(object? obj) => Equals(obj as SiloNames);

    public override int GetHashCode() => names is null ? 0 : names.Aggregate(1, (hash, name) => HashCode.Combine(hash, name));

    public override string ToString() => names is null ? "all silos" : names.IsEmpty ? "no silo" : Quote.List(names);
}
