using System.Text.Json;
using EventGrains.Contracts.Actions;
using EventGrains.Contracts.Files;
using EventGrains.Contracts.Shards;
using EventGrains.Contracts.Transitions;
using EventGrains.Files;
using EventGrains.Silo.Actions;
using EventGrains.Silo.Cluster;
using EventGrains.Silo.Rules;
using EventGrains.Silo.Store;
using Orleans.Runtime;

namespace EventGrains.Silo.Files;

/// <summary>One file, for whoever works on it. Runs its steps.</summary>
/// <remarks>Never changes the file: its shard does. Calls <see cref="IFileShardGrain"/> and actions only, and reads what is durable.</remarks>
[CollectionAgeLimit(Minutes = 2), PlacedWithShard]
internal sealed class FileGrain(IStore store, RuleSpecs specs, ActionStarts actions, TimeProvider time) : Grain, IFileGrain
{
    public Task<FileState?> Get() => store.Find(Id);

    public Task<IReadOnlyList<LoggedTransition>> GetHistory(int after, int limit) => store.ReadHistory(Id, after, limit);

    public async Task<bool> Run(StepKey step)
    {
        // Claim first: an executor that was frozen and wakes after a takeover must find its attempt gone,
        // and a crash between the two shows as an attempt without an end, not as a step that nobody ran.
        var asked = time.GetTimestamp();
        if (await Shard.Claim(Id, step) is not { } claim)
        {
            return false;
        }

        try
        {
            var spec = await specs.Find(step) ?? throw new InvalidOperationException($"rule {step.Rule} of generation {step.RuleGeneration} is not kept any more");
            var file = await store.Find(Id) ?? throw new InvalidOperationException("the file's row is gone");
            var given = claim with { Left = claim.Left - time.GetElapsedTime(asked) };
            await actions.Start(ActionOf(claim), new ActionRequest(given, spec.ParametersJson, file));
        }
        catch (StepFailedException refused)
        {
            await Shard.Conclude(claim, refused.Outcome);
        }
        catch (Exception failure)
        {
            await Shard.Conclude(claim, new StepOutcome(false, $"{claim.Action} could not be started: {failure.Message}"));
        }

        return true;
    }

    public Task<StepClaim?> Extend(StepClaim claim) => Shard.Extend(claim);

    public Task<bool> Conclude(StepClaim claim, StepOutcome outcome) => Shard.Conclude(claim, outcome);

    public Task<int> Retry(string? rule) => Shard.Retry(Id, rule);

    private FileId Id => FileGrains.IdOf(this.GetPrimaryKeyString());

    private IFileShardGrain Shard => GrainFactory.GetGrain<IFileShardGrain>(Id.ShardOf(store.Shards));

    /// <summary>One action grain per file, rule and step, of whatever class bears the action's name.</summary>
    private static GrainId ActionOf(StepClaim claim) =>
        GrainId.Create(ActionAttribute.TypeOf(claim.Action), $"f:{claim.File}|{claim.Step.Rule}|{claim.Step.Index}");
}
