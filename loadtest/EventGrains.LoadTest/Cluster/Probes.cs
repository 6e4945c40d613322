using System.Diagnostics;
using EventGrains.LoadTest.Generator;
using Record = EventGrains.LoadTest.Generator.Record;

namespace EventGrains.LoadTest.Cluster;

/// <summary>Events beside the load that are known to make a transition, for each is of a new file: how long they take is how the cluster is.</summary>
internal sealed class Probes
{
    public const int PerSecond = 50;

    /// <summary>Far from the numbers of the load's files.</summary>
    public const int First = 1 << 30;

    private readonly LifePlan _plan;
    private readonly int _seed;
    private readonly long[] _due;
    private readonly long[][] _seen;
    private int _offered;

    public Probes(int seed, int max, int subscribers)
    {
        (_seed, _plan) = (seed, new LifePlan((ulong)seed, LifeMix.Single));
        _due = new long[max];
        _seen = [.. Enumerable.Range(0, subscribers).Select(_ => new long[max])];
    }

    public int Offered => Volatile.Read(ref _offered);

    /// <summary>There is room for another.</summary>
    public bool HasMore => _offered < _due.Length;

    /// <summary>All that were offered, for the oracle.</summary>
    public Workload Workload => Workload.OfFiles(_seed, LifeMix.Single, Offered, First);

    /// <param name="due">By <see cref="Stopwatch.GetTimestamp"/>.</param>
    public Record Next(long due)
    {
        var number = _offered;
        _due[number] = due;
        Volatile.Write(ref _offered, number + 1);
        return new Record(_plan.Plan(First + number), 0, ByDoor: true);
    }

    /// <summary>The next one goes to a log file; by turns with HTTP.</summary>
    public bool IsNextByLog => IsByLog(_offered);

    private static bool IsByLog(int number) => number % 2 != 0;

    public static bool IsProbe(int number) => number >= First;

    /// <summary>A subscriber got its first transition.</summary>
    public void Seen(int subscriber, int number, long at) => _seen[subscriber][number - First] = at;

    /// <summary>Those of the last seconds were seen by all as soon as they must be; not before there were some.</summary>
    public bool IsWell(long now)
    {
        var late = (long)(Healing.LatencyMax * Stopwatch.Frequency);
        var from = Offered - 1;
        for (; from >= 0 && now - _due[from] < late + (long)(Healing.Calm * Stopwatch.Frequency); from--)
        {
            var due = _due[from];
            if (now - due > late && _seen.Any(seen => seen[from] == 0 || seen[from] - due > late))
            {
                return false;
            }
        }

        return from >= 0;
    }

    public bool AreAllSeen => _seen.All(seen => seen.AsSpan(0, Offered).IndexOf(0L) < 0);

    /// <summary>One for each subscriber of each probe.</summary>
    public IEnumerable<Sample> Samples(RunClock clock)
    {
        double Seconds(long at) => at == 0 ? double.PositiveInfinity : clock.Of(at);
        return from number in Enumerable.Range(0, Offered)
               from seen in _seen
               select new Sample(Seconds(_due[number]), Seconds(seen[number]), IsByLog(number));
    }
}
