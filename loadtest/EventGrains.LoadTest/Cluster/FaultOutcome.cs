using EventGrains.LoadTest.Report;

namespace EventGrains.LoadTest.Cluster;

/// <summary>What came of a fault, or of the return of what it took away.</summary>
/// <param name="HealedAfter">Seconds; null when it did not heal before the end. Of all events; then of those that came by HTTP and by log files.</param>
/// <param name="StalledSeconds">Of the time until the next fault, how long somebody had waited for an event for more than a second. Null for a return: it is in a fault's time.</param>
/// <param name="LaterStallSeconds">The longest time without calm that began until then and is no part of the healing.</param>
/// <param name="ClientErrors">What clients met until then instead of an answer.</param>
internal sealed record FaultOutcome(
    string Kind,
    string Target,
    double StartedAt,
    double HealFrom,
    double? HealedAfter,
    double? HttpHealedAfter,
    double? LogHealedAfter,
    double? StalledSeconds,
    double? LaterStallSeconds,
    int? ClientErrors,
    string Note)
{
    /// <param name="faults">In the order of their starts.</param>
    /// <param name="end">Of what was measured.</param>
    public static IReadOnlyList<FaultOutcome> Of(IReadOnlyList<FaultDone> faults, IReadOnlyList<Sample> samples, IReadOnlyList<ClientError> errors, double end)
    {
        var stalls = Healing.Stalls(samples);
        return [.. faults.Select(fault => Healed(fault, faults, samples, end)).Select((outcome, n) => faults[n].IsReturn ? outcome : outcome.With(faults[n], faults, stalls, errors, end))];
    }

    private static FaultOutcome Healed(FaultDone fault, IReadOnlyList<FaultDone> faults, IReadOnlyList<Sample> samples, double end)
    {
        // One that comes back amid another fault's outage cannot be served before that is over.
        var healFrom = faults.Where(f => fault.IsReturn && f.IsOutage && f.StartedAt <= fault.StartedAt).Select(f => f.HealFrom).Append(fault.HealFrom).Max();

        // Whoever is kept waiting only after the next fault began is that one's. A return ends nobody's time to heal: what still goes on is no calm.
        var next = faults.FirstOrDefault(f => !f.IsReturn && f.StartedAt > healFrom);
        var own = next is null ? samples : samples.Where(s => s.Due + Healing.LatencyMax < next.StartedAt).ToList();
        double? After(Func<Sample, bool> isOne) => Healing.After(Healing.Stalls(own.Where(isOne)), healFrom, end, fault.CalmFrom);
        return new FaultOutcome(fault.Name, fault.Target, fault.StartedAt, healFrom, After(_ => true), After(s => !s.ByLog), After(s => s.ByLog), null, null, null, fault.Note);
    }

    /// <summary>Every stall and every error is of the fault in whose time it began.</summary>
    private FaultOutcome With(FaultDone fault, IReadOnlyList<FaultDone> faults, List<Stall> stalls, IReadOnlyList<ClientError> errors, double end)
    {
        var until = faults.FirstOrDefault(f => !f.IsReturn && f.StartedAt > StartedAt)?.StartedAt ?? double.PositiveInfinity;
        var calmFrom = Math.Max(HealFrom + (HealedAfter ?? double.PositiveInfinity), fault.CalmFrom);
        bool IsHealing(Stall s) => s.To > HealFrom ? s.From <= calmFrom + Healing.Calm : fault.IsOutage;
        var apart = stalls.Where(s => StartedAt <= s.From && s.From < until && !IsHealing(s));
        var met = errors.Where(e => StartedAt <= e.At && e.At < until).ToList();
        return this with
        {
            StalledSeconds = Healing.StalledSeconds(stalls, StartedAt, Math.Min(until, end)),
            LaterStallSeconds = Healing.LongestSpell(apart, end),
            ClientErrors = met.Count,
            Note = fault.IsGraceful && met is [var first, ..] ? FormattableString.Invariant($"{Note}; a client of {first.Gateway} at {first.At:0.0} s: {first.Text}") : Note,
        };
    }
}

/// <summary>All faults of one kind, or all returns after it.</summary>
/// <param name="Worst">Null when one did not heal.</param>
/// <param name="ClientErrors">Null for returns.</param>
internal sealed record KindOutcome(string Kind, int Count, double? Median, double? Worst, int? ClientErrors)
{
    public static IReadOnlyList<KindOutcome> Of(IEnumerable<FaultOutcome> faults) =>
    [
        .. faults.GroupBy(f => f.Kind).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => g.Any(f => f.HealedAfter is null)
            ? new KindOutcome(g.Key, g.Count(), null, null, Errors(g))
            : new KindOutcome(g.Key, g.Count(), Figures.Median(g.Select(f => f.HealedAfter!.Value)), g.Max(f => f.HealedAfter!.Value), Errors(g))),
    ];

    private static int? Errors(IEnumerable<FaultOutcome> faults) => faults.All(f => f.ClientErrors is null) ? null : faults.Sum(f => f.ClientErrors);
}
