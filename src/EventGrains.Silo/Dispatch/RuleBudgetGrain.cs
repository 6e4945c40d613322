using EventGrains.Contracts.Rules;
using EventGrains.Silo.Cluster;

namespace EventGrains.Silo.Dispatch;

/// <summary>Grants of the last hour, by minute. Never grants from memory that is ahead of storage: a failed write is taken back.</summary>
internal sealed class RuleBudgetGrain([PersistentState("budget", "Default")] IPersistentState<RuleBudgetState> state, ClusterTime time)
    : Grain, IRuleBudgetGrain
{
    public async Task<BudgetLease> Take(int files, int filesPerHourMax)
    {
        var minute = time.GetUtcNow().ToUnixTimeSeconds() / 60;
        var kept = state.State.GrantedByMinute.Where(g => g.Key > minute - 60).ToDictionary();
        var granted = (int)Math.Clamp(filesPerHourMax - kept.Values.Sum(), 0, files);
        if (granted == 0)
        {
            var oldest = kept.Count > 0 ? kept.Keys.Min() : minute;
            return new BudgetLease(0, DateTime.UnixEpoch.AddMinutes(oldest + 60));
        }

        kept[minute] = kept.GetValueOrDefault(minute) + granted;
        var before = state.State;
        state.State = new RuleBudgetState { GrantedByMinute = kept };
        try
        {
            await state.WriteStateAsync();
        }
        catch
        {
            state.State = before;
            throw;
        }

        return new BudgetLease(granted, default);
    }

    public Task<long> CountLastHour()
    {
        var minute = time.GetUtcNow().ToUnixTimeSeconds() / 60;
        return Task.FromResult(state.State.GrantedByMinute.Where(g => g.Key > minute - 60).Sum(g => g.Value));
    }
}

[GenerateSerializer, Alias("EventGrains.RuleBudgetState")]
internal sealed class RuleBudgetState
{
    [Id(0)]
    public Dictionary<long, long> GrantedByMinute { get; set; } = [];
}
