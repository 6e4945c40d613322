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
