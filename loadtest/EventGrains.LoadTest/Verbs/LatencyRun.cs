using System.Diagnostics;
using System.Globalization;
using EventGrains.LoadTest.Generator;
using EventGrains.LoadTest.Oracle;
using EventGrains.LoadTest.Product;
using EventGrains.LoadTest.Report;
using HdrHistogram;

namespace EventGrains.LoadTest.Verbs;

/// <summary>From the time at which an event was due to be offered until its transition is at a subscriber, at a fixed rate.</summary>
/// <remarks>
/// Open loop: bodies go out by the clock, whether or not earlier ones were answered, and each event's time counts from when it was
/// due, so a server that stalls is charged for all that waited. Every event is of a new file, so it makes that file's first transition.
/// </remarks>
internal static class LatencyRun
{
    public const int EventsPerSecond = 2_000;
    private const int BodyEvents = 10;
    private const int WarmUpSeconds = 3;
    private static readonly TimeSpan Within = TimeSpan.FromSeconds(30);

    public static async Task<(LatencyResult Result, Verdict Verdict)> Of(int seconds, RunOptions options, WorkDirectory work, CancellationToken ct)
    {
        var (data, logs) = (work.MakeDirectory("data"), work.MakeDirectory("logs"));
        await File.WriteAllTextAsync(work.File("rules.yaml"), RuleFile.ForEvents(logs), ct);
        await using var server = await ServerProcess.Start(new ServerLaunch(options.Product, data, work.File("rules.yaml"), 0, work.File("server.log")), ct);
        using var client = new ServerClient(await server.Ready);

        var workload = Workload.OfFiles(options.Seed, LifeMix.Single, (seconds + WarmUpSeconds) * EventsPerSecond);
        var arrivals = new long[workload.Files];
        var arrived = 0;
        await using var feed = new TransitionFeed(client, "from=latest", seen =>
        {
            if (seen.Version == 1)
            {
                arrivals[FileLife.NumberOf(seen.File)] = seen.ReceivedAt;
                Interlocked.Increment(ref arrived);
            }
        });
        await feed.Open.WaitAsync(Within, ct);
        var due = await Offer(new Publisher(client, RuleFile.HttpSource), workload, ct);
        await Settling.Sometime(Within, () => Volatile.Read(ref arrived) >= workload.Files, ct);
        return Conclude(arrivals, due);
    }

    /// <summary>Sends each body when it is due; returns when each event was.</summary>
    private static async Task<long[]> Offer(Publisher publisher, Workload workload, CancellationToken ct)
    {
        var due = new long[workload.Files];
        var sent = new List<Task>();
        var start = Stopwatch.GetTimestamp();
        for (var first = 0; first < workload.Files; first += BodyEvents)
        {
            var at = start + (long)((double)first / EventsPerSecond * Stopwatch.Frequency);
            while (Stopwatch.GetTimestamp() < at)
            {
                await Task.Delay(1, ct);
            }

            var body = new byte[BodyEvents * RecordWriter.BytesMax];
            var length = 0;
            for (var number = first; number < Math.Min(first + BodyEvents, workload.Files); number++)
            {
                due[number] = at;
                length += RecordWriter.Write(new Record(workload.Life(number), 0, ByDoor: true), body.AsSpan(length));
            }

            sent.Add(publisher.Publish(body.AsMemory(0, length), ct));
        }

        await Task.WhenAll(sent);
        return due;
    }

    private static (LatencyResult Result, Verdict Verdict) Conclude(long[] arrivals, long[] due)
    {
        var verdict = new Verdict();
        var histogram = new LongHistogram(TimeSpan.FromMinutes(5).Ticks, 3);
        for (var number = 0; number < arrivals.Length; number++)
        {
            if (arrivals[number] == 0)
            {
                verdict.AddLost(1, string.Create(CultureInfo.InvariantCulture, $"latency: the first transition of file {number} never came"));
            }
            else if (number >= WarmUpSeconds * EventsPerSecond)
            {
                histogram.RecordValue(Math.Max(1, Stopwatch.GetElapsedTime(due[number], arrivals[number]).Ticks));
            }
        }

        double Milliseconds(double percentile) =>
            histogram.TotalCount == 0 ? 0 : TimeSpan.FromTicks(histogram.GetValueAtPercentile(percentile)).TotalMilliseconds;

        return (new LatencyResult(EventsPerSecond, Milliseconds(50), Milliseconds(99)), verdict);
    }
}
