using EventGrains.LoadTest.Oracle;

namespace EventGrains.LoadTest.Cluster;

/// <summary>What is wrong with a run's faults: too few, at the wrong moment, or not healed in time.</summary>
internal static class FaultFindings
{
    /// <summary>One that has to wait moves those after it, so the last may come too late for the load.</summary>
    public const int LeftOutMax = 1;

    /// <param name="healsWithin">Seconds.</param>
    public static void Add(IReadOnlyList<PlannedFault> plan, IReadOnlyList<FaultDone> done, IReadOnlyList<FaultOutcome> outcomes, int healsWithin, Verdict verdict)
    {
        if (done.Count(f => !f.IsReturn) is var count && count < plan.Count - LeftOutMax)
        {
            verdict.AddOther($"{count} of {plan.Count} planned faults were done; at most {LeftOutMax} may be left out because the load ends");
        }

        foreach (var missed in done.Where(f => f.IsMissed))
        {
            verdict.AddOther(FormattableString.Invariant($"{missed.Name} {missed.Target} at {missed.StartedAt:0.0} s did not come at its moment: {missed.Note}"));
        }

        foreach (var slow in outcomes.Where(o => o.HealedAfter is null || o.HealedAfter > healsWithin))
        {
            verdict.AddOther(FormattableString.Invariant($"{slow.Kind} {slow.Target} at {slow.StartedAt:0.0} s healed in {ClusterReport.Seconds(slow.HealedAfter)}; at most {healsWithin} s are allowed"));
        }

        foreach (var ill in outcomes.Where(o => o.LaterStallSeconds > healsWithin))
        {
            verdict.AddOther(FormattableString.Invariant($"after {ill.Kind} {ill.Target} at {ill.StartedAt:0.0} s somebody waited, apart from its healing, for {ClusterReport.Seconds(ill.LaterStallSeconds)} without calm; at most {healsWithin} s are allowed"));
        }
    }
}
