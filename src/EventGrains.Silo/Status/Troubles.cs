using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using EventGrains.Contracts;
using EventGrains.Contracts.Status;

namespace EventGrains.Silo.Status;

/// <summary>What is not as it should be now, one entry per place; parts report and clear their own. An operator's alert is the gauge.</summary>
internal sealed class Troubles
{
    /// <summary>The one trouble under which nothing can be taken.</summary>
    public const string Store = "store";

    private readonly ConcurrentDictionary<string, Trouble> _now = new(StringComparer.Ordinal);

    // What was ever reported is shown as 0 when it is over: a gauge that is only left out keeps its last value.
    private readonly ConcurrentDictionary<string, bool> _ever = new(StringComparer.Ordinal) { [Store] = true };

    public Troubles() => Telemetry.Meter.CreateObservableGauge(
        "eventgrains_unhealthy", Observe, description: "1 for each part that is not as it should be now, else 0; `eventgrains status` says why, and what to do.");

    public void Report(string what, string why, string remedy)
    {
        _ever[what] = true;
        _now[what] = new Trouble(what, why, remedy);
    }

    public void Clear(string what) => _now.TryRemove(what, out _);

    /// <summary>By place, the store first.</summary>
    public ImmutableArray<Trouble> Now => [.. _now.Values.OrderBy(t => t.What != Store).ThenBy(t => t.What, StringComparer.Ordinal)];

    private IEnumerable<Measurement<int>> Observe() => _ever.Keys.Select(what => new Measurement<int>(_now.ContainsKey(what) ? 1 : 0, new KeyValuePair<string, object?>("what", what)));
}
