using System.Diagnostics;
using System.Runtime.InteropServices;
using EventGrains.LoadTest.Generator;
using EventGrains.LoadTest.Oracle;
using EventGrains.LoadTest.Product;
using EventGrains.LoadTest.Report;

namespace EventGrains.LoadTest.Verbs;

/// <summary>One intake of a whole corpus into a fresh product, with rules, datasets and four subscribers on; and what was found afterwards.</summary>
internal sealed record IntakeRun(double EventsPerSecond, double EventsPerCpuSecond, long PeakResidentBytes, long DataBytes, Verdict Verdict)
{
    public const string ByLog = "log";
    public const string ByHttp = "http";
    private const int BodiesInFlightMax = 3;
    private static readonly TimeSpan FeedsWithin = TimeSpan.FromSeconds(60);

    public static Task<IntakeRun> Of(string intake, Corpus corpus, RunOptions options, WorkDirectory work, CancellationToken ct) =>
        Of(intake, corpus, options, work, [], server => ProcessFigures.Of(server.Id).CpuSeconds, ct);

    /// <param name="settings">Of the server, each <c>KEY=VALUE</c>.</param>
    /// <param name="cpuSeconds">Of all processes that count.</param>
    public static async Task<IntakeRun> Of(
        string intake, Corpus corpus, RunOptions options, WorkDirectory work, string[] settings, Func<ServerProcess, double> cpuSeconds, CancellationToken ct)
    {
        var (data, logs) = (work.MakeDirectory("data"), work.MakeDirectory("logs"));
        var rules = work.File("rules.yaml");
        await File.WriteAllTextAsync(rules, RuleFile.ForEvents(logs), ct);
        await using var server = await ServerProcess.Start(new ServerLaunch(options.Product, data, rules, 0, work.File("server.log"), settings), ct);
        using var client = new ServerClient(await server.Ready);
        var verdict = new Verdict();
        var ledgers = RuleFile.WatchedPaths.Select(path => new TransitionLedger(path, fromFirst: false, verdict)).ToList();
        var clock = new Stopwatch();
        var lastSeen = new TimeSpan[ledgers.Count];
        var feeds = ledgers.Select((ledger, n) => Follow(client, RuleFile.WatchedPaths[n], ledger, () => lastSeen[n] = clock.Elapsed)).ToList();
        await Task.WhenAll(feeds.Select(feed => feed.Open)).WaitAsync(FeedsWithin, ct);

        var before = cpuSeconds(server);
        clock.Start();
        await (intake == ByLog ? OfferLog(client, corpus, logs, ct) : OfferBodies(client, corpus, verdict, ct));
        var durable = clock.Elapsed;
        var (after, peak) = (cpuSeconds(server), ProcessFigures.Of(server.Id).PeakResidentBytes);

        await Settling.StepsEnded(client, ct);
        await Examine(client, corpus.Workload, ledgers, verdict, ct);
        foreach (var feed in feeds)
        {
            await feed.DisposeAsync();
        }

        if (await server.Stop() is var code and not 0)
        {
            verdict.AddOther($"the product ended with exit code {code} after SIGTERM");
        }

        // A source says once a second how far it is: where all that is watched had come before it said so, all was durable with the last of it.
        var last = lastSeen.Max();
        var seconds = (intake == ByLog && last > TimeSpan.Zero && last < durable ? last : durable).TotalSeconds;
        var bytes = new DirectoryInfo(data).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);
        Directory.Delete(data, recursive: true);
        Directory.Delete(logs, recursive: true);
        var events = corpus.Workload.Events;
        return new IntakeRun(events / seconds, events / (after - before), peak, bytes, verdict);
    }

    private static TransitionFeed Follow(ServerClient client, string path, TransitionLedger ledger, Action seenNow) => new(
        client,
        $"from=earliest&path={Uri.EscapeDataString(path)}",
        seen =>
        {
            ledger.Add(seen.File, seen.Version);
            seenNow();
        });

    // A second name for the same bytes: offering them costs nothing, and they are there at once and whole.
    private static async Task OfferLog(ServerClient client, Corpus corpus, string logs, CancellationToken ct)
    {
        if (Link(corpus.Path, Path.Combine(logs, "billing.log")) != 0)
        {
            throw new IOException($"cannot link {corpus.Path} into {logs}: error {Marshal.GetLastPInvokeError()}");
        }

        await Settling.LogRead(client, RuleFile.LogSource, partitions => partitions is [{ LagBytes: 0 } only] && only.Position == corpus.Bytes, ct);
    }

    private static async Task OfferBodies(ServerClient client, Corpus corpus, Verdict verdict, CancellationToken ct)
    {
        var publisher = new Publisher(client, RuleFile.HttpSource);
        await publisher.PublishAll(corpus, BodiesInFlightMax, ct);
        if (publisher.Accepted != corpus.Workload.Events)
        {
            verdict.AddLost(corpus.Workload.Events - publisher.Accepted, $"{publisher.Accepted} of {corpus.Workload.Events} events were accepted, {publisher.Rejected} rejected");
        }
    }

    private static async Task Examine(ServerClient client, Workload workload, List<TransitionLedger> ledgers, Verdict verdict, CancellationToken ct)
    {
        var examination = new Examination(workload, verdict);
        var ends = new List<(TransitionLedger Ledger, string File, int Version)>();
        await foreach (var file in client.Files($"storage={RuleFile.Storage}", ct))
        {
            examination.Compare(file);
            CompareSteps(file, verdict);
            for (var n = 0; n < ledgers.Count; n++)
            {
                if (file.Path?.Contains($"/watch{n}/", StringComparison.Ordinal) == true)
                {
                    ends.Add((ledgers[n], file.Id, file.Version));
                }
            }
        }

        examination.Conclude();
        await Settling.Sometime(FeedsWithin, () => ends.All(end => end.Ledger.LastVersion(end.File) >= end.Version), ct);
        ends.ForEach(end => end.Ledger.CompareEnd(end.File, end.Version));
        foreach (var ledger in ledgers.Where(ledger => ledger.Files != ends.Count(end => end.Ledger == ledger)))
        {
            verdict.AddRepeated($"{ledger.Name}: transitions of {ledger.Files} files came, and {ends.Count(end => end.Ledger == ledger)} files match");
        }
    }

    /// <summary>Every stored file under a <c>calib</c> directory has its one step, done in one attempt; that of a deleted one may have been cancelled before; no other file has any.</summary>
    private static void CompareSteps(FileAnswer file, Verdict verdict)
    {
        var steps = string.Join(',', file.Steps.Select(s => $"{s.Action} {s.State} {s.Attempts}"));
        var wanted = file.Path?.Contains("/calib", StringComparison.Ordinal) == true;
        var isRight = steps switch
        {
            "noop done 1" => wanted,
            "noop cancelled 0" or "noop cancelled 1" => wanted && file.Existence == "deleted",
            "" => !wanted || file.Existence != "stored",
            _ => false,
        };
        if (!isRight)
        {
            verdict.AddOther($"{file.Id} at {file.Path} is {file.Existence} and has the steps '{steps}'");
        }
    }

    [DllImport("libc", EntryPoint = "link", SetLastError = true)]
    private static extern int Link([MarshalAs(UnmanagedType.LPUTF8Str)] string existing, [MarshalAs(UnmanagedType.LPUTF8Str)] string added);
}
