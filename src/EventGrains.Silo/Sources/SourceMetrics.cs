using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using EventGrains.Contracts;

namespace EventGrains.Silo.Sources;

/// <summary>What sources count.</summary>
internal static class SourceMetrics
{
    /// <summary>Record types come from outside: beyond so many per process they are counted together as <c>&lt;other&gt;</c>.</summary>
    public const int TypesMax = 200;

    private static readonly Counter<long> Events = Telemetry.Meter.CreateCounter<long>(
        "eventgrains_events_total", "{records}", "Records of a source by outcome: accepted, rejected.");

    private static readonly Counter<long> NoEffect = Telemetry.Meter.CreateCounter<long>(
        "eventgrains_records_without_effect_total", "{records}", "Records that were read and say nothing that is kept, by their type.");

    private static readonly Counter<long> Gaps = Telemetry.Meter.CreateCounter<long>(
        "eventgrains_source_gaps_total", "{gaps}", "Stretches of a pulled source that could not be read to their end.");

    private static readonly ConcurrentDictionary<(string Source, string Partition), long> Lags = new();
    private static readonly ConcurrentDictionary<string, bool> Types = new(StringComparer.Ordinal);

    static SourceMetrics() => Telemetry.Meter.CreateObservableGauge(
        "eventgrains_source_lag_bytes", ObserveLags, "By", "How much of a partition is not durable yet.");

    public static void Count(string source, long accepted, long rejected)
    {
        if (accepted > 0)
        {
            Events.Add(accepted, new("source", source), new("outcome", "accepted"));
        }

        if (rejected > 0)
        {
            Events.Add(rejected, new("source", source), new("outcome", "rejected"));
        }
    }

    public static void WithoutEffect(string source, string type)
    {
        if (!Types.ContainsKey(type) && (Types.Count >= TypesMax || !Types.TryAdd(type, true)))
        {
            type = "<other>";
        }

        NoEffect.Add(1, new("source", source), new("type", type));
    }

    public static void Gap(string source) => Gaps.Add(1, new KeyValuePair<string, object?>("source", source));

    public static void Lag(string source, string partition, long bytes) => Lags[(source, partition)] = bytes;

    public static void ForgetLag(string source, string partition) => Lags.TryRemove((source, partition), out _);

    private static IEnumerable<Measurement<long>> ObserveLags() =>
        Lags.Select(l => new Measurement<long>(l.Value, new("source", l.Key.Source), new("partition", l.Key.Partition)));
}
