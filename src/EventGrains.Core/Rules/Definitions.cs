using System.Collections.Immutable;

namespace EventGrains.Rules;

/// <summary>All that the rule files declare. Immutable; a changed file makes another.</summary>
public sealed record Definitions
{
    public static readonly Definitions Empty = new();

    public ImmutableArray<StorageDefinition> Storages { get; init; } = [];

    public ImmutableArray<SourceDefinition> Sources { get; init; } = [];

    public ImmutableArray<DatasetDefinition> Datasets { get; init; } = [];

    public ImmutableArray<RuleDefinition> Rules { get; init; } = [];

    public StorageDefinition? Storage(string name) => Storages.FirstOrDefault(s => s.Name == name);

    public SourceDefinition? Source(string name) => Sources.FirstOrDefault(s => s.Name == name);

    /// <summary>The silos that see what a source reads; for a watched directory those that see its storage, unless it names fewer.</summary>
    public SiloNames SilosOf(SourceDefinition source) =>
        source.Type == SourceType.Directory && Storage(source.Storage) is { } storage ? source.Silos.And(storage.Silos) : source.Silos;
}

/// <summary>Where files come from (<see cref="Origin"/>) or where we put copies (<see cref="Replica"/>).</summary>
public enum StorageRole : byte
{
    Origin,
    Replica,
}

/// <param name="Root">The directory that holds it, where it is one; roots of two storages may not lie within each other.</param>
public sealed record StorageDefinition(string Name, string? Root, StorageRole Role)
{
    /// <summary>The silos that see <see cref="Root"/>.</summary>
    public SiloNames Silos { get; init; } = SiloNames.All;
}

public enum SourceType : byte
{
    Http,
    Log,
    Directory,
}

/// <param name="Format">The decoder's name for records; for a directory, which has none, <c>directory</c>.</param>
/// <param name="Storage">The storage whose files it speaks of; several sources may speak of one.</param>
/// <param name="Files">For a log source: the glob of the files to follow.</param>
public sealed record SourceDefinition(string Name, SourceType Type, string Format, string Storage, string? Files = null)
{
    /// <summary>The silos that see what it reads, as its own declaration names them; see <see cref="Definitions.SilosOf"/>.</summary>
    public SiloNames Silos { get; init; } = SiloNames.All;
}

/// <param name="NameTemplate">The dataset's name, such as <c>run-{run}</c>, filled from the pattern's captures.</param>
/// <param name="Path">Which files belong, such as <c>/runs/{run}/**</c>.</param>
/// <param name="Storage">The storage whose files alone belong; null for all.</param>
public sealed record DatasetDefinition(string NameTemplate, PathPattern Path, string? Storage = null);

/// <param name="Generation">The hash of the rule's spec, 16 hexadecimal digits: a rule fires once per file incarnation and generation.</param>
/// <param name="FilesPerHourMax">At this many firings within an hour further steps wait.</param>
public sealed record RuleDefinition(string Name, string Generation, RuleCondition When, ImmutableArray<StepDefinition> Do, int FilesPerHourMax)
{
    public const int FilesPerHourMaxDefault = 100_000;
}

/// <summary>One action of a rule: its name, and its parameters as one JSON object that only the action reads.</summary>
/// <param name="Target">What the action works against, for bounds per target: the replica storage of a copy; otherwise null.</param>
public sealed record StepDefinition(string Action, string ParametersJson, string? Target = null);
