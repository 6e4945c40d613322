using EventGrains.LoadTest.Generator;

namespace EventGrains.LoadTest.Cluster;

/// <summary>What load is offered, and when: a function of time alone, whatever comes back.</summary>
/// <param name="Rate">Events per second; half of them by growing log files, half by HTTP.</param>
internal sealed record Scenario(string Name, int Rate, int Seconds)
{
    public const string Steady = "steady";

    /// <summary><see cref="BurstTimes"/> times the rate for <see cref="BurstSeconds"/> of every <see cref="BurstEvery"/> seconds.</summary>
    public const string Burst = "burst";

    /// <summary>The log files hold <see cref="BacklogSeconds"/> of events before anybody reads them.</summary>
    public const string Backlog = "backlog";

    /// <summary><see cref="HotFileShare"/> of the events are of one file.</summary>
    public const string HotFile = "hot-file";

    /// <summary>All files are of one dataset.</summary>
    public const string HotDataset = "hot-dataset";

    public const int BurstTimes = 10;
    public const int BurstSeconds = 5;
    public const int BurstEvery = 30;
    public const int BurstFrom = 10;
    public const int BacklogSeconds = 60;
    public const double HotFileShare = 0.3;

    public static string[] Names { get; } = [Steady, Burst, Backlog, HotFile, HotDataset];

    /// <summary>Events that are in the log files at the start.</summary>
    public int Before => Name == Backlog ? Rate * BacklogSeconds : 0;

    public int Events => (int)DueBy(Seconds);

    public static Scenario Named(string name, int rate, int seconds) =>
        Names.Contains(name) ? new Scenario(name, rate, seconds) : throw new ArgumentException($"there is no scenario '{name}': {string.Join(", ", Names)}");

    /// <summary>How many events were due so many seconds after the start, those before it included.</summary>
    public long DueBy(double seconds)
    {
        var full = Math.Floor(seconds / BurstEvery);
        var inBurst = Name != Burst ? 0 : full * BurstSeconds + Math.Clamp(seconds - full * BurstEvery - BurstFrom, 0, BurstSeconds);
        return Before + (long)(Rate * (seconds + inBurst * (BurstTimes - 1)));
    }

    public Workload Workload(int seed) => Generator.Workload.OfEvents(
        seed, LifeMix.Full, Events, Name == HotDataset ? 1 : LifePlan.Datasets, Name == HotFile ? HotFileShare : 0);
}
