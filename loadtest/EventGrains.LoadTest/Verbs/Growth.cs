using EventGrains.LoadTest.Cluster;
using EventGrains.LoadTest.Generator;
using EventGrains.LoadTest.Oracle;
using EventGrains.LoadTest.Product;
using EventGrains.LoadTest.Report;
using EventGrains.Tests.Postgres;
using Record = EventGrains.LoadTest.Generator.Record;

namespace EventGrains.LoadTest.Verbs;

/// <param name="Delay">Each way to PostgreSQL, in the first of the two comparisons.</param>
/// <param name="InFlight">Bodies on their way to each silo, whatever their number.</param>
/// <param name="FarBody">Events of a body in the first comparison.</param>
/// <param name="NearBody">Events of a body in the second.</param>
internal sealed record GrowthOptions(int[] Silos, int Seconds, int Rounds, TimeSpan Delay, int InFlight, int FarBody, int NearBody, int Shards);

internal sealed record GrowthResult(
    string Machine, string Commit, int Seed, int Shards, int InFlight, int FarBody, int NearBody, double DelayMilliseconds, IReadOnlyList<GrowthPoint> Far, IReadOnlyList<GrowthPoint> Near);

/// <param name="EventsPerSecond">Acknowledged; each round's.</param>
/// <param name="CpuMicrosecondsPerEvent">Of all silos and PostgreSQL; each round's.</param>
/// <param name="PostgresMicrosecondsPerEvent">PostgreSQL's part of it.</param>
internal sealed record GrowthPoint(
    int Silos, IReadOnlyList<double> EventsPerSecond, IReadOnlyList<double> CpuMicrosecondsPerEvent, IReadOnlyList<double> PostgresMicrosecondsPerEvent);

/// <param name="Cpu">Microseconds per event of all silos and PostgreSQL.</param>
/// <param name="OfPostgres">PostgreSQL's part of it.</param>
internal readonly record struct GrowthFigures(double EventsPerSecond, double Cpu, double OfPostgres);

/// <summary><c>growth</c>: the same work in flight at each of 1, 2 and 4 silos, with PostgreSQL far away, so that they wait; and near, where it shows what they cost.</summary>
internal static class Growth
{
    private const int WarmUpSecondsMax = 120;

    /// <summary>What is compiled ahead is compiled again where it is hot, by a thread that full cores leave little: after 20 s four silos cost 32 µs per event, after 60 s 23.</summary>
    private const int WarmUpSecondsMin = 60;

    /// <summary>Each silo has taken so many before it counts: what is measured is no start.</summary>
    private const int WarmUpEvents = 100_000;

    /// <summary>More than is ever taken on the machines this is for; a run that comes to the end of it fails.</summary>
    private const int EventsPerSecondMax = 120_000;

    public static async Task<int> Run(GrowthOptions growth, RunOptions options, CancellationToken ct)
    {
        Site.StartAsDeployed();
        using var work = new WorkDirectory(options.Work) { Keep = true };
        var rules = work.File("rules.yaml");
        await File.WriteAllTextAsync(rules, RuleFile.ForEvents(work.MakeDirectory("logs")), ct);
        var workload = Workload.OfEvents(options.Seed, LifeMix.Full, EventsPerSecondMax * (WarmUpSecondsMax + growth.Seconds));
        await using var server = await Site.LaunchServer();
        var verdict = new Verdict();
        List<(int Silos, bool IsFar, GrowthFigures Figures)> measured = [];
        for (var round = 1; round <= growth.Rounds; round++)
        {
            foreach (var isFar in growth.Delay > TimeSpan.Zero ? (bool[])[true, false] : [false])
            {
                foreach (var silos in growth.Silos)
                {
                    var figures = await Measure(growth, silos, isFar ? growth.Delay : null, workload, options, work, rules, server, verdict, ct);
                    measured.Add((silos, isFar, figures));
                    Console.WriteLine(FormattableString.Invariant($"round {round}  {(isFar ? "far " : "near")}  {silos} silos  {figures.EventsPerSecond,8:0} events/s  {figures.Cpu,6:0} µs of CPU per event, of that PostgreSQL {figures.OfPostgres:0}"));
                }
            }
        }

        List<GrowthPoint> Points(bool isFar) =>
        [
            .. growth.Silos.Select(n => (Silos: n, Figures: measured.Where(m => m.Silos == n && m.IsFar == isFar).Select(m => m.Figures).ToList())).Where(p => p.Figures.Count > 0)
                .Select(p => new GrowthPoint(p.Silos, [.. p.Figures.Select(f => f.EventsPerSecond)], [.. p.Figures.Select(f => f.Cpu)], [.. p.Figures.Select(f => f.OfPostgres)])),
        ];
        var here = Surroundings.Of(options.Product);
        var result = new GrowthResult(here.Machine, here.Commit, options.Seed, growth.Shards, growth.InFlight, growth.FarBody, growth.NearBody, growth.Delay.TotalMilliseconds, Points(true), Points(false));
        ResultFile.Write(options.Json, result);
        Print(result);
        work.Keep = !verdict.IsGood;
        return Figures.Conclude(verdict);
    }

    private static async Task<GrowthFigures> Measure(
        GrowthOptions growth, int silos, TimeSpan? delay, Workload workload, RunOptions options, WorkDirectory work, string rules, PostgresInstance server, Verdict verdict, CancellationToken ct)
    {
        await using var site = await Site.On(server, options, work, rules, verdict, FormattableString.Invariant($"shards={growth.Shards}"));
        for (var n = 0; n < silos; n++)
        {
            site.AddServer(delay);
        }

        await site.Start(ct);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(ct);
        using var records = workload.Stream().GetEnumerator();
        var clients = site.Gateways.Select(g => new ServerClient(g.Address)).ToList();
        var publishers = clients.ConvertAll(c => new Publisher(c, RuleFile.HttpSource));
        var working = publishers.SelectMany(p => Enumerable.Range(0, growth.InFlight).Select(_ => Task.Run(() => Work(records, p, delay is null ? growth.NearBody : growth.FarBody, end.Token), ct))).ToList();

        var warming = System.Diagnostics.Stopwatch.StartNew();
        await Settling.Sometime(
            TimeSpan.FromSeconds(WarmUpSecondsMax),
            () => (warming.Elapsed.TotalSeconds >= WarmUpSecondsMin && publishers.All(p => p.Accepted >= WarmUpEvents)) || working.Any(w => w.IsCompleted),
            ct);
        CompareWarmUp([.. publishers.Select(p => p.Accepted)], verdict);
        var (clock, before) = (System.Diagnostics.Stopwatch.StartNew(), publishers.Sum(p => p.Accepted));
        var (cpu, postgres) = (ProcessFigures.OfChildren(Environment.ProcessId), ProcessFigures.Tree(server.KeeperId));
        await Task.WhenAny(working.Append(Task.Delay(TimeSpan.FromSeconds(growth.Seconds), ct)));
        var (seconds, accepted) = (clock.Elapsed.TotalSeconds, publishers.Sum(p => p.Accepted) - before);
        (cpu, postgres) = (ProcessFigures.OfChildren(Environment.ProcessId) - cpu, ProcessFigures.Tree(server.KeeperId) - postgres);

        await end.CancelAsync();
        await Task.WhenAll(working);
        clients.ForEach(c => c.Dispose());
        if (publishers.Sum(p => p.Resent + p.Rejected) is var again and > 0)
        {
            verdict.AddOther($"{silos} silos: {again} bodies were not taken at once, though nothing failed");
        }

        foreach (var member in site.Members)
        {
            if (await member.Stop() is not 0)
            {
                verdict.AddOther($"{member.Name} did not end with 0 after SIGTERM; see {member.LogPath}");
            }
        }

        return new GrowthFigures(accepted / seconds, cpu * 1e6 / accepted, postgres * 1e6 / accepted);
    }

    /// <summary>What is measured of a silo that is still starting says nothing of how they grow.</summary>
    /// <param name="taken">By each silo, when the warm-up was over.</param>
    internal static void CompareWarmUp(IReadOnlyList<long> taken, Verdict verdict)
    {
        if (taken.Count(t => t < WarmUpEvents) is var cold and > 0)
        {
            verdict.AddOther($"{taken.Count} silos: {cold} took fewer than {WarmUpEvents} events in the {WarmUpSecondsMax} s before the measurement; the fewest were {taken.Min()}");
        }
    }

    /// <summary>One body after the other, until the end.</summary>
    private static async Task Work(IEnumerator<Record> records, Publisher publisher, int events, CancellationToken end)
    {
        var body = new List<Record>(events);
        while (!end.IsCancellationRequested)
        {
            body.Clear();
            lock (records)
            {
                while (body.Count < events)
                {
                    body.Add(records.MoveNext() ? records.Current : throw new ProductException("the workload has come to its end; measure for less long"));
                }
            }

            try
            {
                await publisher.Publish(RecordWriter.WriteAll(body), end);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private static void Print(GrowthResult result)
    {
        Console.WriteLine();
        Console.WriteLine(result.Machine);
        Console.WriteLine($"commit {result.Commit}, {result.Shards} shards, {result.InFlight} bodies in flight at each silo; medians (and from the least to the most)");
        (string Where, int Body, IReadOnlyList<GrowthPoint> Points)[] comparisons =
        [
            (FormattableString.Invariant($"PostgreSQL {2 * result.DelayMilliseconds:0.#} ms away"), result.FarBody, result.Far), ("PostgreSQL beside", result.NearBody, result.Near),
        ];
        foreach (var (where, body, points) in comparisons.Where(c => c.Points.Count > 0))
        {
            Console.WriteLine($"{where}, bodies of {body} events");
            foreach (var point in points)
            {
                var ratio = Figures.Median(point.EventsPerSecond) / Figures.Median(points[0].EventsPerSecond);
                Console.WriteLine(FormattableString.Invariant(
                    $"  {point.Silos} silos  {Figures.Spread(point.EventsPerSecond),-30} events/s  {ratio:0.00} times {points[0].Silos}   {Figures.Median(point.CpuMicrosecondsPerEvent):0} µs of CPU per event ({point.CpuMicrosecondsPerEvent.Min():0} to {point.CpuMicrosecondsPerEvent.Max():0}), of that PostgreSQL {Figures.Median(point.PostgresMicrosecondsPerEvent):0}"));
            }
        }
    }
}
