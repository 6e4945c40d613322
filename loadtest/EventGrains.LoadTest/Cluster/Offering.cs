using System.Diagnostics;
using EventGrains.LoadTest.Generator;
using EventGrains.LoadTest.Product;
using Record = EventGrains.LoadTest.Generator.Record;

namespace EventGrains.LoadTest.Cluster;

/// <summary>Offers a scenario by the clock: half of the records to log files, half to the gateways, and a probe each tick, by turns the one way and the other.</summary>
internal sealed class Offering(Scenario scenario, Workload workload, Probes probes, LogFiles logs, GatewayPublisher publisher, int seed)
{
    private const int TicksPerSecond = Probes.PerSecond;

    /// <summary>Larger bodies are cut.</summary>
    private const int BodyEventsMax = 1_000;

    private const int WrittenAtOnce = 10_000;

    /// <summary>A machine that compiles five processes at once is slow.</summary>
    public const int WarmUpSecondsMax = 90;

    /// <summary>What faults and upgrades may take beyond the load's time; probes go on as long.</summary>
    public const int OvertimeSecondsMax = 180;

    private readonly IEnumerator<Record> _records = workload.Stream().GetEnumerator();
    private long _offered;

    /// <summary>The most that a tick was late, in seconds; then the load was not open for so long.</summary>
    public double WorstLateness { get; private set; }

    public long Offered => Volatile.Read(ref _offered);

    /// <summary>What lies in the log files before anybody reads them.</summary>
    public void WriteBacklog()
    {
        while (_offered < scenario.Before && _records.MoveNext())
        {
            AddToLog(_records.Current);
            if (++_offered % WrittenAtOnce == 0)
            {
                logs.Finish();
            }
        }

        logs.Finish();
    }

    /// <param name="until">When the load is over before this is, probes go on.</param>
    public async Task Run(RunClock clock, PerSecond offered, Task until, CancellationToken ct)
    {
        for (var tick = 0; tick < scenario.Seconds * TicksPerSecond || (!until.IsCompleted && probes.HasMore); tick++)
        {
            var due = clock.Start + tick * Stopwatch.Frequency / TicksPerSecond;
            await WaitFor(due, ct);
            WorstLateness = Math.Max(WorstLateness, Stopwatch.GetElapsedTime(due).TotalSeconds);
            var (before, posted) = (_offered, new List<Record>());
            AddDue(tick, posted);
            AddProbe(tick, due, posted);
            offered.Add(_offered - before, due);
            await Send(posted, ct);
        }

        logs.Finish();
    }

    /// <summary>Probes alone, until they take no longer than they may: what is measured is no start.</summary>
    /// <returns>False when that did not come.</returns>
    public async Task<bool> WarmUp(CancellationToken ct)
    {
        var start = Stopwatch.GetTimestamp();
        for (var tick = 0; tick < WarmUpSecondsMax * TicksPerSecond; tick++)
        {
            var due = start + tick * Stopwatch.Frequency / TicksPerSecond;
            await WaitFor(due, ct);
            var posted = new List<Record>();
            AddProbe(tick, due, posted);
            await Send(posted, ct);
            if (tick % TicksPerSecond == 0 && probes.IsWell(Stopwatch.GetTimestamp()))
            {
                return true;
            }
        }

        return false;
    }

    private static async Task WaitFor(long due, CancellationToken ct)
    {
        for (TimeSpan left; (left = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due)) > TimeSpan.Zero;)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(left.TotalMilliseconds)), ct);
        }
    }

    private void AddDue(int tick, List<Record> posted)
    {
        for (var all = scenario.DueBy((tick + 1.0) / TicksPerSecond); _offered < all && _records.MoveNext(); _offered++)
        {
            if (IsPosted(_records.Current))
            {
                posted.Add(_records.Current);
            }
            else
            {
                AddToLog(_records.Current);
            }
        }
    }

    private void AddProbe(int tick, long due, List<Record> posted)
    {
        if (probes.IsNextByLog)
        {
            logs.AddWhole(probes.Next(due), tick / 2 % logs.Count);
        }
        else
        {
            posted.Add(probes.Next(due));
        }

        logs.Grow(_offered - scenario.Before, workload.Events - scenario.Before);
    }

    private async Task Send(List<Record> posted, CancellationToken ct)
    {
        foreach (var body in posted.Chunk(BodyEventsMax))
        {
            await publisher.Add(RecordWriter.WriteAll(body), ct);
        }
    }

    private void AddToLog(in Record record) => logs.Add(record, (record.Life.Number + record.Happening) % logs.Count);

    /// <summary>A record that comes twice goes the same way twice; the records of one file go different ways. What lies in a backlog is all in files.</summary>
    private bool IsPosted(in Record record) =>
        Dice.For((ulong)seed, ((ulong)record.Life.Number << 24) + (ulong)record.Happening * 2 + (record.ByDoor ? 1UL : 0)).Below(2) == 0;
}
