using System.Runtime.CompilerServices;
using EventGrains.LoadTest.Generator;
using EventGrains.LoadTest.Oracle;
using EventGrains.LoadTest.Product;
using EventGrains.LoadTest.Report;

namespace EventGrains.LoadTest.Verbs;

internal sealed record CrashResult(
    string Machine, string Commit, int Seed, int Events, int Files, int Kills, double Seconds,
    long Acknowledged, long BodiesResent, int FeedConnections, long Transitions,
    long Lost, long Repeated, long WrongStates, long Others, IReadOnlyList<string> Examples);

/// <summary><c>crash</c>: kill -9 at random moments while events, log files and real files come in; afterwards nothing may be missing, doubled or half done.</summary>
internal static class Crash
{
    private static readonly TimeSpan FeedWithin = TimeSpan.FromMinutes(2);

    public static async Task<int> Run(int events, int files, int kills, int rate, RunOptions options, CancellationToken ct)
    {
        using var work = new WorkDirectory(options.Work) { Keep = true };
        var logs = new LogFiles(work.MakeDirectory("logs"));
        var watched = new WatchedFiles(options.Seed, files, work);
        var rules = work.File("rules.yaml");
        await File.WriteAllTextAsync(rules, RuleFile.ForEvents(logs.Directory) + watched.Rules, ct);
        var workload = Workload.OfEvents(options.Seed, LifeMix.Full, events);
        var verdict = new Verdict();
        var clock = System.Diagnostics.Stopwatch.StartNew();

        await using var killed = await KilledServer.Start(
            new ServerLaunch(options.Product, work.MakeDirectory("data"), rules, 0, work.File("server.log")), ct);
        using var client = new ServerClient(killed.Address);
        var publisher = new Publisher(client, RuleFile.HttpSource);
        var ledger = new TransitionLedger("sse", fromFirst: true, verdict);
        await using var feed = new TransitionFeed(client, "from=earliest", seen => ledger.Add(seen.File, seen.Version));

        var posting = Post(workload, publisher, rate, options.Seed, ct);
        var appending = Append(workload, logs, rate, options.Seed, Begun(client, logs, ct), ct);
        var writing = watched.Write(TimeSpan.FromSeconds((double)events / rate), ct);
        var killing = killed.KillAtRandom(kills, TimeSpan.FromSeconds((double)events / rate), options.Seed, ct);
        await Task.WhenAll(posting, appending, writing, killing);
        Console.WriteLine($"offered {events} events and {files} files, killed {kills} times, {publisher.Resent} bodies were sent again");

        await Rest(client, logs, watched, verdict, ct);
        await CrashExamination.Of(client, workload, watched, ledger, verdict, FeedWithin, ct);
        if (feed.Gaps > 0)
        {
            verdict.AddOther($"the SSE client got {feed.Gaps} gaps");
        }

        if (publisher.Rejected > 0)
        {
            verdict.AddLost(publisher.Rejected, $"{publisher.Rejected} events were rejected");
        }

        var here = Surroundings.Of(options.Product);
        ResultFile.Write(options.Json, new CrashResult(
            here.Machine, here.Commit, options.Seed, events, files, kills, clock.Elapsed.TotalSeconds,
            publisher.Accepted, publisher.Resent, feed.Connections, ledger.Transitions,
            verdict.Lost, verdict.Repeated, verdict.WrongStates, verdict.Others, verdict.Examples));
        Console.WriteLine($"{workload.Files} files of events, {ledger.Transitions} transitions over {feed.Connections} SSE connections, {clock.Elapsed.TotalSeconds:0} s");
        work.Keep = !verdict.IsGood;
        return Figures.Conclude(verdict);
    }

    /// <summary>Until all has come to rest. What does not is a finding, and the rest is looked at all the same.</summary>
    private static async Task Rest(ServerClient client, LogFiles logs, WatchedFiles watched, Verdict verdict, CancellationToken ct)
    {
        Task[] rests =
        [
            Settling.LogRead(client, RuleFile.LogSource, logs.IsRead, ct),
            watched.Settle(client, ct),
        ];
        foreach (var rest in rests.Append(Settling.StepsEndedAfter(rests, client, ct)))
        {
            try
            {
                await rest;
            }
            catch (ProductException e)
            {
                verdict.AddOther(e.Message);
            }
        }
    }

    /// <summary>Half of the records, each for itself drawn from the seed, by HTTP in small bodies at half of the rate.</summary>
    private static async Task Post(Workload workload, Publisher publisher, int rate, int seed, CancellationToken ct)
    {
        using var bodies = new BodyQueue(publisher, ct);
        await foreach (var (records, _) in Paced(workload, rate, ct))
        {
            var body = new byte[records.Length * RecordWriter.BytesMax];
            var length = 0;
            foreach (var record in records.Where(record => IsPosted(record, seed)))
            {
                length += RecordWriter.Write(record, body.AsSpan(length));
            }

            await bodies.Add(body.AsMemory(0, length));
        }

        await bodies.End();
    }

    /// <summary>Until every log file has been read of.</summary>
    private static Task Begun(ServerClient client, LogFiles logs, CancellationToken ct) => Settling.Until(
        $"every file of source {RuleFile.LogSource} to be read of",
        Settling.IntakeWithin,
        async () => (await client.Partitions(RuleFile.LogSource, ct)).Count(p => p.Position > 0) == logs.Count,
        ct);

    /// <summary>The other half, to four files, whether or not anybody reads them now; they are rotated when all are <paramref name="begun"/>.</summary>
    private static async Task Append(Workload workload, LogFiles logs, int rate, int seed, Task begun, CancellationToken ct)
    {
        await foreach (var (records, offered) in Paced(workload, rate, ct))
        {
            foreach (var record in records.Where(record => !IsPosted(record, seed)))
            {
                logs.Add(record, (record.Life.Number + record.Happening) % logs.Count);
            }

            logs.MayRotate = begun.IsCompleted;
            logs.Grow(offered, workload.Events);
        }

        await begun;
        logs.MayRotate = true;
        logs.Grow(workload.Events, workload.Events);
        logs.Finish();
    }

    /// <summary>A record that comes twice goes the same way twice; the records of one file go different ways.</summary>
    private static bool IsPosted(in Record record, int seed) =>
        Dice.For((ulong)seed, ((ulong)record.Life.Number << 8) + (ulong)record.Happening * 2 + (record.ByDoor ? 1UL : 0)).Below(2) == 0;

    private static async IAsyncEnumerable<(Record[] Records, int Offered)> Paced(
        Workload workload, int rate, [EnumeratorCancellation] CancellationToken ct)
    {
        const int TickMilliseconds = 50;
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(TickMilliseconds));
        var offered = 0;
        foreach (var records in workload.Stream().Chunk(Math.Max(1, rate * TickMilliseconds / 1000)))
        {
            offered += records.Length;
            yield return (records, offered);
            await tick.WaitForNextTickAsync(ct);
        }
    }

    /// <summary>Bodies on their way: while the server is away they wait here, up to a bound, and then the offering waits.</summary>
    private sealed class BodyQueue(Publisher publisher, CancellationToken ct) : IDisposable
    {
        private const int InFlightMax = 8;
        private readonly SemaphoreSlim _free = new(InFlightMax);
        private Exception? _failure;

        public async Task Add(ReadOnlyMemory<byte> body)
        {
            if (body.IsEmpty)
            {
                return;
            }

            await _free.WaitAsync(ct);
            _ = Publish(body);
        }

        public async Task End()
        {
            for (var i = 0; i < InFlightMax; i++)
            {
                await _free.WaitAsync(ct);
            }

            if (_failure is not null)
            {
                throw _failure;
            }
        }

        public void Dispose() => _free.Dispose();

        private async Task Publish(ReadOnlyMemory<byte> body)
        {
            try
            {
                await publisher.Publish(body, ct);
            }
            catch (Exception e)
            {
                _failure = e;
            }

            _free.Release();
        }
    }
}
