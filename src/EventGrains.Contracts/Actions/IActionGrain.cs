using EventGrains.Files;
using Orleans.Metadata;
using Orleans.Runtime;

namespace EventGrains.Contracts.Actions;

/// <summary>An action that rules can name: implement it, mark the class <c>[Action("name")]</c>, and write <c>do: [{ name: { ... } }]</c>.</summary>
/// <remarks>
/// <see cref="Start"/> must return within seconds and leave the work running (<see cref="Attempt.Begin"/> does so); the result goes to
/// <see cref="Files.IFileGrain.Conclude"/> with the claim that came. It may be started again with a higher attempt number after a
/// crash or a passed deadline, so its effect must be one that can be repeated, or be guarded by <see cref="ActionRequest.IdempotencyKey"/>.
/// </remarks>
[Alias("EventGrains.IActionGrain"), Version(1)]
public interface IActionGrain : IGrainWithStringKey
{
    [Alias("Start")]
    Task Start(ActionRequest request);
}

/// <summary>Names an action: the grain class under it serves <c>do: [{ NAME: ... }]</c>.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class ActionAttribute(string name) : Attribute, IGrainTypeProviderAttribute
{
    public string Name { get; } = name;

    public GrainType GetGrainType(IServiceProvider services, Type type) => TypeOf(Name);

    public static GrainType TypeOf(string name) => GrainType.Create($"action.{name}");
}

/// <summary>All that an action needs to work on one file, once.</summary>
/// <param name="ParametersJson">The step's parameters as written in the rule, one JSON object.</param>
/// <param name="File">The file when the step was claimed.</param>
[GenerateSerializer, Immutable, Alias("EventGrains.ActionRequest")]
public sealed record ActionRequest([property: Id(0)] StepClaim Claim, [property: Id(1)] string ParametersJson, [property: Id(2)] FileState File)
{
    /// <summary>The same for every attempt of this step: what an outside system may use to do it once.</summary>
    public string IdempotencyKey => $"{Claim.File}/{Claim.Step.Incarnation}/{Claim.Step.Rule}/{Claim.Step.RuleGeneration}/{Claim.Step.Index}";
}

/// <summary>The right to run one attempt of a step until a deadline.</summary>
/// <param name="Attempt">From 1; the result of an older attempt is refused.</param>
/// <param name="Deadline">UTC, by the cluster's clock, which need not be this machine's; no new attempt is given before it.</param>
[GenerateSerializer, Immutable, Alias("EventGrains.StepClaim")]
public sealed record StepClaim(
    [property: Id(0)] FileId File,
    [property: Id(1)] StepKey Step,
    [property: Id(2)] string Action,
    [property: Id(3)] int Attempt,
    [property: Id(4)] DateTime Deadline)
{
    /// <summary>How long it still holds, from when it is passed on: what an executor goes by, since no clock is in it. Null from a silo of a release that did not say.</summary>
    [Id(5)]
    public TimeSpan? Left { get; init; }
}

/// <summary>How an attempt ended.</summary>
/// <param name="Done">False for a failure, which is tried again with back-off up to the attempts' bound unless <paramref name="Final"/>.</param>
/// <param name="Error">For a failure: what went wrong and what to do.</param>
/// <param name="Says">Facts that the attempt made true, such as a new replica; joined in the same commit.</param>
/// <param name="PutOff">Not done, and no failure: what it needs is in another attempt's hands, or on a silo that is not there. It is looked at again with the same back-off, and
/// counts for nothing: for as long as it takes.</param>
[GenerateSerializer, Immutable, Alias("EventGrains.StepOutcome")]
public sealed record StepOutcome(
    [property: Id(0)] bool Done,
    [property: Id(1)] string? Error = null,
    [property: Id(2)] bool Final = false,
    [property: Id(3)] FileFacts? Says = null,
    [property: Id(4)] bool PutOff = false);
