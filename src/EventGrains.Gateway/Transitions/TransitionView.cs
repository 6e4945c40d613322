using System.Text.Json.Serialization;
using EventGrains.Contracts.Transitions;
using EventGrains.Files;

namespace EventGrains.Gateway.Transitions;

/// <summary>A transition as clients see it.</summary>
/// <param name="Index">The commit that it belongs to: the place in the public order.</param>
/// <param name="Path">Null until it is known.</param>
/// <param name="Kind">The most telling of <paramref name="Changes"/>.</param>
/// <param name="At">When it was decided, by our clock.</param>
/// <param name="Step">The action of the step that changed.</param>
internal sealed record TransitionView(
    long Index,
    string Id,
    string Storage,
    string? Path,
    int Version,
    TransitionKind Kind,
    IReadOnlyList<TransitionKind> Changes,
    FileStatus Status,
    Existence Existence,
    Locality Locality,
    long? Size,
    DateTime At,
    CauseView Cause,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Rule,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Step,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] StepState? StepState)
{
    public static TransitionView Of(LoggedTransition logged)
    {
        var transition = logged.Transition;
        return new TransitionView(
            logged.Cursor.Index,
            transition.Id.ToString(),
            transition.Id.Storage,
            transition.Path,
            transition.Version,
            transition.Kind,
            transition.Changes,
            transition.Status,
            transition.Existence,
            transition.Locality,
            transition.Size,
            transition.At,
            new CauseView(transition.Cause.Source, transition.Cause.Partition, transition.Cause.Position, transition.Cause.Type),
            transition.Rule,
            transition.Step,
            transition.StepState);
    }
}

/// <summary>Why: the event, or (source <c>eventgrains</c>) a step of ours.</summary>
internal sealed record CauseView(
    string Source,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Partition,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? Position,
    string Type);

/// <summary>What lay between two cursors is not to be had any more.</summary>
internal sealed record GapView(string From, string To)
{
    public static GapView Of(LogGap gap) => new(gap.From.ToString(), gap.To.ToString());
}
