using System.Diagnostics.Metrics;
using EventGrains.Contracts;
using EventGrains.Files;

namespace EventGrains.Silo.Commit;

/// <summary>The metric <c>eventgrains_transitions_total{kind}</c>, counted when durable.</summary>
internal sealed class TransitionCounter
{
    private static readonly Counter<long> Total = Telemetry.Meter.CreateCounter<long>(
        "eventgrains_transitions_total", "{transitions}", "Transitions committed, by kind.");

    private static readonly KeyValuePair<string, object?>[] Tags =
        [.. Enum.GetNames<TransitionKind>().Select(name => new KeyValuePair<string, object?>("kind", char.ToLowerInvariant(name[0]) + name[1..]))];

    public void Count(List<Transition> transitions)
    {
        Span<long> counts = stackalloc long[Tags.Length];
        foreach (var transition in transitions)
        {
            counts[(int)transition.Kind]++;
        }

        for (var kind = 0; kind < counts.Length; kind++)
        {
            if (counts[kind] > 0)
            {
                Total.Add(counts[kind], Tags[kind]);
            }
        }
    }
}
