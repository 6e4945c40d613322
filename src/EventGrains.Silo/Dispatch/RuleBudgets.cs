using EventGrains.Contracts.Rules;
using EventGrains.Rules;

namespace EventGrains.Silo.Dispatch;

/// <summary>Asks a rule's budget for leases; one place, so that the dispatcher does not know how a bound is kept.</summary>
internal sealed class RuleBudgets(IGrainFactory grains, Rulebook rules)
{
    /// <summary>First attempts asked for at once: few enough that a lease lost in a crash costs little of the hour.</summary>
    private const int LeaseMax = 100;

    public async Task<(int Granted, DateTime HeldUntil)> Take(string rule)
    {
        var bound = rules.Rules.FirstOrDefault(r => r.Name == rule)?.FilesPerHourMax ?? RuleDefinition.FilesPerHourMaxDefault;
        var answer = await grains.GetGrain<IRuleBudgetGrain>($"rule:{rule}").Take(Math.Clamp(bound / 100, 1, LeaseMax), bound);
        return (answer.Granted, answer.HeldUntil);
    }
}
