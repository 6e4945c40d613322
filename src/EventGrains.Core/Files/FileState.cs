using System.Collections.Immutable;

namespace EventGrains.Files;

/// <summary>A file's row: the facts, which any order of events gives alike, and the work, which the owning shard serialises.</summary>
/// <remarks>Immutable, so a change set may still hold the state it wrote while the shard goes on.</remarks>
[GenerateSerializer, Immutable, Alias("EventGrains.FileState")]
public sealed record FileState
{
    /// <summary>The number that keys the row; its shard gives it, in order of first sight, so rows of new files are appended.</summary>
    [Id(0)]
    public required long Number { get; init; }

    [Id(1)]
    public required FileId Id { get; init; }

    [Id(2)]
    public FileFacts Facts { get; init; } = FileFacts.Nothing;

    /// <summary>Counts the file's transitions: 1, 2, 3. Zero before the first.</summary>
    [Id(3)]
    public int Version { get; init; }

    /// <summary>Steps of rules, in the order in which they were opened.</summary>
    [Id(4)]
    public ImmutableArray<Step> Steps { get; init; } = [];

    /// <summary>Names of the datasets that the file belongs to, by its path; counts always equal these memberships.</summary>
    [Id(5)]
    public ImmutableArray<string> Datasets { get; init; } = [];

    /// <summary>When the last transition was decided, UTC, by our clock.</summary>
    [Id(6)]
    public DateTime UpdatedAt { get; init; }

    public static FileState New(FileId id, long number) => new() { Id = id, Number = number };
}

/// <summary>Names one step of one rule, for one incarnation of a file. Deterministic, so that it is opened once.</summary>
/// <param name="RuleGeneration">The hash of the rule's spec: a changed rule is another generation.</param>
/// <param name="Index">The step's place in the rule's <c>do</c> list, from 0.</param>
[GenerateSerializer, Immutable, Alias("EventGrains.StepKey")]
public readonly record struct StepKey(
    [property: Id(0)] string Rule,
    [property: Id(1)] string RuleGeneration,
    [property: Id(2)] int Index,
    [property: Id(3)] Incarnation Incarnation);

/// <summary>One action of a rule on one file, durable with the file.</summary>
[GenerateSerializer, Immutable, Alias("EventGrains.Step")]
public sealed record Step
{
    /// <summary>The action whose being done makes a file processed.</summary>
    public const string RunAction = "run";

    /// <summary>The <see cref="DueAt"/> of a step that waits for the one before it in its rule.</summary>
    public static readonly DateTime AfterThePrevious = DateTime.MaxValue;

    [Id(0)]
    public required StepKey Key { get; init; }

    /// <summary>The action's name, as in the rule: <c>replicate</c>, <c>run</c>, or a workflow engineer's own.</summary>
    [Id(1)]
    public required string Action { get; init; }

    [Id(2)]
    public StepState State { get; init; }

    /// <summary>How often the step was claimed; the number of the newest attempt, from 1.</summary>
    [Id(3)]
    public int Attempts { get; init; }

    /// <summary>Waiting: not before this time. Running: the claim's deadline; no new attempt is given earlier. UTC, our clock.</summary>
    [Id(4)]
    public DateTime DueAt { get; init; }

    [Id(5)]
    public string? Error { get; init; }

    /// <summary>When the step last changed its state, UTC, our clock.</summary>
    [Id(6)]
    public DateTime At { get; init; }

    /// <summary>What the action works against, for bounds per target; null when it has none.</summary>
    [Id(7)]
    public string? Target { get; init; }

    /// <summary>How many of <see cref="Attempts"/> do not count against the bound: those before the last <c>step retry</c>, and those put off. Attempt numbers never start again,
    /// so that a late word of an old attempt is never taken for a new one's.</summary>
    [Id(8)]
    public int AttemptsForgiven { get; init; }
}
