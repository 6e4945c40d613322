namespace EventGrains.LoadTest.Cluster;

/// <summary>One event on its way to one subscriber, in seconds after the start.</summary>
/// <param name="Due">When it was to be offered; also if it was offered later.</param>
/// <param name="Seen">When its transition came; infinity when it never did.</param>
/// <param name="ByLog">It was offered by a log file, not by HTTP.</param>
internal readonly record struct Sample(double Due, double Seen, bool ByLog = false)
{
    public double Latency => Seen - Due;
}

/// <summary>A time during which somebody had waited for an event for more than <see cref="Healing.LatencyMax"/>.</summary>
internal readonly record struct Stall(double From, double To);

/// <summary>Decides when a cluster is well again after a fault.</summary>
internal static class Healing
{
    /// <summary>Seconds from intake to subscriber.</summary>
    public const double LatencyMax = 1;

    /// <summary>So many seconds it must stay well.</summary>
    public const double Calm = 2;

    /// <summary>In their order, without overlap.</summary>
    public static List<Stall> Stalls(IEnumerable<Sample> samples)
    {
        var stalls = new List<Stall>();
        foreach (var sample in samples.Where(s => s.Latency > LatencyMax).OrderBy(s => s.Due))
        {
            var stall = new Stall(sample.Due + LatencyMax, sample.Seen);
            if (stalls is [.., var last] && stall.From <= last.To)
            {
                stalls[^1] = last with { To = Math.Max(last.To, stall.To) };
            }
            else
            {
                stalls.Add(stall);
            }
        }

        return stalls;
    }

    /// <summary>How long after a moment nobody waits any longer, and stays so; null when that is not before the end of what was measured.</summary>
    /// <param name="calmFrom">Calm before it is no sign of health: what was done is still going on.</param>
    public static double? After(IReadOnlyList<Stall> stalls, double moment, double end, double calmFrom = double.NegativeInfinity)
    {
        var well = moment;
        foreach (var stall in stalls.Where(s => s.To > moment))
        {
            if (stall.From > Math.Max(well, calmFrom) + Calm)
            {
                break;
            }

            well = Math.Max(well, stall.To);
        }

        return Math.Max(well, calmFrom) + Calm <= end ? well - moment : null;
    }

    /// <summary>The longest time without calm in what no healing counts; 0 when nobody waited.</summary>
    /// <param name="end">Of what was measured: who still waits then has waited until then.</param>
    public static double LongestSpell(IEnumerable<Stall> stalls, double end)
    {
        var (longest, from, to) = (0.0, double.NaN, double.NegativeInfinity);
        foreach (var stall in stalls)
        {
            from = stall.From > to + Calm ? stall.From : from;
            to = Math.Max(to, double.IsInfinity(stall.To) ? end : stall.To);
            longest = Math.Max(longest, to - from);
        }

        return longest;
    }

    /// <summary>For how many of the seconds between two moments somebody waited.</summary>
    public static double StalledSeconds(IEnumerable<Stall> stalls, double from, double to) =>
        stalls.Sum(s => Math.Max(0, Math.Min(s.To, to) - Math.Max(s.From, from)));
}
