namespace EventGrains.LoadTest.Cluster;

/// <summary>One event on its way to one subscriber, in seconds after the start.</summary>
/// <param name="Due">When it was to be offered; also if it was offered later.</param>
/// <param name="Seen">When its transition came; infinity when it never did.</param>
internal readonly record struct Sample(double Due, double Seen)
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
    public static double? After(IReadOnlyList<Stall> stalls, double moment, double end)
    {
        var well = moment;
        foreach (var stall in stalls.Where(s => s.To > moment))
        {
            if (stall.From > well + Calm)
            {
                break;
            }

            well = Math.Max(well, stall.To);
        }

        return well + Calm <= end ? well - moment : null;
    }

    /// <summary>For how many of the seconds between two moments somebody waited.</summary>
    public static double StalledSeconds(IEnumerable<Stall> stalls, double from, double to) =>
        stalls.Sum(s => Math.Max(0, Math.Min(s.To, to) - Math.Max(s.From, from)));
}
