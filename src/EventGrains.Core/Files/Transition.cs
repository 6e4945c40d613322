using System.Collections.Immutable;

namespace EventGrains.Files;

/// <summary>A change of a file's state that was committed. One applied event that changes the state makes exactly one.</summary>
[GenerateSerializer, Immutable, Alias("EventGrains.Transition")]
public sealed record Transition
{
    [Id(0)]
    public required FileId Id { get; init; }

    [Id(1)]
    private readonly WireName path;

    /// <summary>Null until the file is located.</summary>
    public string? Path
    {
        get => path.Value;
        init => path = value;
    }

    /// <summary>1, 2, 3 per file, without gap or repeat.</summary>
    [Id(2)]
    public required int Version { get; init; }

    /// <summary>The most telling of <see cref="Changes"/>.</summary>
    [Id(3)]
    public required TransitionKind Kind { get; init; }

    [Id(4)]
    public required ImmutableArray<TransitionKind> Changes { get; init; }

    [Id(5)]
    public required FileStatus Status { get; init; }

    [Id(6)]
    public required Existence Existence { get; init; }

    [Id(7)]
    public required Locality Locality { get; init; }

    [Id(8)]
    public long? Size { get; init; }

    /// <summary>When it was decided, UTC, by our clock.</summary>
    [Id(9)]
    public required DateTime At { get; init; }

    [Id(10)]
    public required Cause Cause { get; init; }

    /// <summary>The rule whose step changed, for a change that a step made.</summary>
    [Id(11)]
    public string? Rule { get; init; }

    /// <summary>That step's action.</summary>
    [Id(12)]
    public string? Step { get; init; }

    /// <summary>That step's state after the change.</summary>
    [Id(13)]
    public StepState? StepState { get; init; }

    /// <summary>The datasets that the file belongs to after the change.</summary>
    [Id(14)]
    public ImmutableArray<string> Datasets { get; init; } = [];
}

/// <summary>Why a transition happened: the event, or (source <c>eventgrains</c>) a step of ours.</summary>
[GenerateSerializer, Immutable, Alias("EventGrains.Cause")]
public readonly record struct Cause(
    [property: Id(0)] string Source,
    [property: Id(1)] string? Partition,
    [property: Id(2)] long? Position,
    [property: Id(3)] string Type)
{
    /// <summary>The source named by transitions that our own steps cause.</summary>
    public const string Ourselves = "eventgrains";
}
