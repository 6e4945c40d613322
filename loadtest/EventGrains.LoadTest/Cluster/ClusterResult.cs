using EventGrains.LoadTest.Report;

namespace EventGrains.LoadTest.Cluster;

/// <param name="Offered">Events due until the end, backlog included; probes are not.</param>
/// <param name="Acknowledged">By HTTP with 200, probes and events sent again included.</param>
/// <param name="WorstLatenessSeconds">How late this program itself offered an event at worst.</param>
/// <param name="EventsPerCpuSecond">By the CPU time of all silos, gateways and PostgreSQL's processes, from the start until all had come to rest.</param>
/// <param name="PostgresCpuSeconds">Null when the server was not ours to look at.</param>
/// <param name="Upgrade">Null when there was none.</param>
internal sealed record ClusterResult(
    string Machine,
    string Commit,
    int Seed,
    string Scenario,
    int Silos,
    int Gateways,
    int Shards,
    int Rate,
    int Seconds,
    long Offered,
    long Acknowledged,
    long BodiesResent,
    double WorstLatenessSeconds,
    int Files,
    long Transitions,
    int Connections,
    int Histories,
    int StepAttempts,
    int StreamDeliveries,
    double CpuSeconds,
    double? PostgresCpuSeconds,
    double EventsPerCpuSecond,
    LatencyFigures Latency,
    IReadOnlyList<FaultOutcome> Faults,
    IReadOnlyList<KindOutcome> Kinds,
    IReadOnlyList<SecondFigures> Series,
    IReadOnlyList<LogFinding> LogFindings,
    long Lost,
    long Repeated,
    long WrongStates,
    long Others,
    IReadOnlyList<string> Examples,
    UpgradeResult? Upgrade = null);

/// <summary>Milliseconds from when an event was due until its transition was at a subscriber.</summary>
internal sealed record LatencyFigures(double P50, double P99, double Max, int Count)
{
    public static LatencyFigures Of(IEnumerable<Sample> samples)
    {
        double[] sorted = [.. samples.Select(s => s.Latency * 1000).Where(double.IsFinite).Order()];
        return sorted.Length == 0 ? new LatencyFigures(0, 0, 0, 0) : new LatencyFigures(At(sorted, 0.5), At(sorted, 0.99), sorted[^1], sorted.Length);
    }

    private static double At(double[] sorted, double share) => sorted[(int)Math.Min(sorted.Length - 1, share * sorted.Length)];
}

/// <summary>One second of a run, by when events were due.</summary>
/// <param name="Seen">Transitions that came to all subscribers together.</param>
internal sealed record SecondFigures(int Second, long Offered, long Acknowledged, long Seen, LatencyFigures Latency);

/// <param name="HealedAfter">Seconds; null when it did not heal before the end. Of all events; then of those that came by HTTP and by log files.</param>
/// <param name="StalledSeconds">Of the time until the next fault, how long somebody had waited for an event for more than a second.</param>
internal sealed record FaultOutcome(string Kind, string Target, double StartedAt, double HealFrom, double? HealedAfter, double? HttpHealedAfter, double? LogHealedAfter, double StalledSeconds, string Note)
{
    /// <param name="end">Of the load.</param>
    public static IReadOnlyList<FaultOutcome> Of(IReadOnlyList<FaultDone> faults, IReadOnlyList<Sample> samples, double end)
    {
        var stalls = Healing.Stalls(samples);
        return
        [
            .. faults.Select((fault, n) =>
            {
                var next = n + 1 < faults.Count ? faults[n + 1].StartedAt : end;

                // Whoever is kept waiting only after the next fault began is that one's.
                var own = n + 1 < faults.Count ? samples.Where(s => s.Due + Healing.LatencyMax < next).ToList() : samples;
                double? HealedAfter(Func<Sample, bool> isOne) => Healing.After(Healing.Stalls(own.Where(isOne)), fault.HealFrom, end);
                return new FaultOutcome(
                    fault.Kind.ToString(),
                    fault.Target,
                    fault.StartedAt,
                    fault.HealFrom,
                    HealedAfter(_ => true),
                    HealedAfter(s => !s.ByLog),
                    HealedAfter(s => s.ByLog),
                    Healing.StalledSeconds(stalls, fault.StartedAt, next),
                    fault.Note);
            }),
        ];
    }
}

/// <summary>All faults of one kind.</summary>
/// <param name="Worst">Null when one did not heal.</param>
internal sealed record KindOutcome(string Kind, int Count, double? Median, double? Worst)
{
    public static IReadOnlyList<KindOutcome> Of(IEnumerable<FaultOutcome> faults) =>
    [
        .. faults.GroupBy(f => f.Kind).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => g.Any(f => f.HealedAfter is null)
            ? new KindOutcome(g.Key, g.Count(), null, null)
            : new KindOutcome(g.Key, g.Count(), Figures.Median(g.Select(f => f.HealedAfter!.Value)), g.Max(f => f.HealedAfter!.Value))),
    ];
}
