using System.Globalization;
using EventGrains.LoadTest.Report;

namespace EventGrains.LoadTest.Cluster;

/// <summary>A cluster run as text, for whoever watched it.</summary>
internal static class ClusterReport
{
    private const int FindingsMax = 12;

    public static void Print(IReadOnlyList<PlannedFault> plan, int seed)
    {
        Console.WriteLine(plan.Count == 0 ? "no faults" : $"faults of seed {seed}:");
        foreach (var fault in plan)
        {
            Console.WriteLine($"  {fault.At,4} s  {fault.Kind}{(fault.Kind is FaultKind.StopPostgres or FaultKind.CrashPostgres ? "" : $" {fault.Target}")}");
        }
    }

    public static void Print(ClusterResult result)
    {
        Console.WriteLine();
        Console.WriteLine(result.Machine);
        Console.WriteLine($"commit {result.Commit}, {result.Scenario}, {result.Silos} silos, {result.Gateways} gateways, {result.Shards} shards, seed {result.Seed}");
        Line($"{result.Offered} events offered in {result.Seconds} s, {result.Acknowledged} acknowledged by HTTP, {result.BodiesResent} bodies sent again; the load was at most {result.WorstLatenessSeconds:0.00} s late");
        Line($"{result.Files} files, {result.Transitions} transitions over {result.Connections} SSE connections, {result.Histories} histories, {result.StepAttempts} attempts of steps, {result.StreamDeliveries} deliveries by Orleans streams");
        Line($"due to seen: p50 {result.Latency.P50:0} ms, p99 {result.Latency.P99:0} ms, worst {result.Latency.Max / 1000:0.0} s");
        Line($"CPU {result.CpuSeconds:0} s, of that PostgreSQL {Seconds(result.PostgresCpuSeconds)}: {Figures.Thousands(result.EventsPerCpuSecond)} events per CPU second of all processes");
        if (result.Kinds.Count > 0)
        {
            Console.WriteLine();
            Console.WriteLine($"{"fault",-22}{"count",6}{"median",10}{"worst",10}{"client errors",16}");
            foreach (var kind in result.Kinds)
            {
                Console.WriteLine($"{kind.Kind,-22}{kind.Count,6}{Seconds(kind.Median),10}{Seconds(kind.Worst),10}{Count(kind.ClientErrors),16}");
            }

            Console.WriteLine();
            foreach (var fault in result.Faults)
            {
                Line($"{fault.StartedAt,6:0.0} s  {fault.Kind,-22}{fault.Target,-12}healed in {Seconds(fault.HealedAfter)} (http {Seconds(fault.HttpHealedAfter)}, log {Seconds(fault.LogHealedAfter)}), stalled {Seconds(fault.StalledSeconds)}, apart from healing at most {Seconds(fault.LaterStallSeconds)}, client errors {Count(fault.ClientErrors)}  {fault.Note}");
            }
        }

        if (result.Upgrade is { } upgrade)
        {
            Line($"schema {upgrade.SchemaBefore}, then {upgrade.SchemaAfter}; {upgrade.Questions} questions answered, {upgrade.SideBySide} with shards of both releases; {upgrade.ClientErrors} broken or refused connections with gateways that were being replaced");
            foreach (var done in upgrade.Replacements)
            {
                Line($"{done.StoppedAt,6:0.0} s  {done.Member,-12}ended after {done.EndedAt - done.StoppedAt:0.0} s, served after {done.ServedAt - done.StoppedAt:0.0} s, stalled {done.StalledSeconds:0.0} s{(done.IsBack ? "  as the older release again" : "")}");
            }
        }

        Console.WriteLine();
        Console.WriteLine($"{result.LogFindings.Sum(f => f.Count)} lines of errors in the servers' logs");
        foreach (var finding in result.LogFindings.Take(FindingsMax))
        {
            Console.WriteLine($"  {finding.Count,5} x {finding.Level} {finding.Category}: {finding.Example}");
        }
    }

    /// <summary>Null is what was never reached, or is not known.</summary>
    public static string Seconds(double? value) => value is { } known ? string.Create(CultureInfo.InvariantCulture, $"{known:0.0} s") : "-";

    /// <summary>Null is what is not counted here.</summary>
    public static string Count(int? value) => value is { } known ? string.Create(CultureInfo.InvariantCulture, $"{known}") : "-";

    private static void Line(FormattableString text) => Console.WriteLine(FormattableString.Invariant(text));
}
