using EventGrains.LoadTest.Generator;
using EventGrains.LoadTest.Limits;
using EventGrains.LoadTest.Oracle;
using EventGrains.LoadTest.Product;
using EventGrains.LoadTest.Report;

namespace EventGrains.LoadTest.Verbs;

/// <summary><c>embedded</c>: how fast the product takes events in, beside two limits of the same machine in the same run.</summary>
internal static class Embedded
{
    private const int BodyLines = 5_000;

    /// <summary>Rounds are interleaved: a machine that grows slower while it runs does so for all alike.</summary>
    public static async Task<int> Run(int events, int rounds, int latencySeconds, RunOptions options, CancellationToken ct)
    {
        using var work = new WorkDirectory(options.Work) { Keep = true };
        var corpus = Corpus.Write(work.File("billing.ndjson"), Workload.OfEvents(options.Seed, LifeMix.Full, events), BodyLines);
        Console.WriteLine($"{events} events of {corpus.Workload.Files} files, {corpus.Bytes / events} bytes each, seed {options.Seed}");
        var (parse, limit, verdict) = (new List<double>(), new List<double>(), new Verdict());
        var intakes = new Dictionary<string, List<IntakeRun>> { [IntakeRun.ByLog] = [], [IntakeRun.ByHttp] = [] };
        for (var round = 1; round <= rounds; round++)
        {
            parse.Add(ParseOnly.Run(corpus));
            limit.Add(await RunBareLoop(corpus, work));
            Console.WriteLine($"round {round}  parse only {Figures.Thousands(parse[^1])}/s   bare loop {Figures.Thousands(limit[^1])}/s");
            foreach (var (intake, runs) in intakes)
            {
                runs.Add(await IntakeRun.Of(intake, corpus, options, work, ct));
                Console.WriteLine($"round {round}  {intake,-4} {Figures.Thousands(runs[^1].EventsPerSecond)}/s   {Figures.Thousands(runs[^1].EventsPerCpuSecond)} per CPU second   peak {Figures.Mebibytes(runs[^1].PeakResidentBytes)}");
                verdict.Add(runs[^1].Verdict);
            }
        }

        var (latency, latencyVerdict) = await LatencyRun.Of(latencySeconds, options, work, ct);
        verdict.Add(latencyVerdict);
        var here = Surroundings.Of(options.Product);
        var median = Figures.Median(limit);
        var result = new EmbeddedResult(
            here.Machine, here.Commit, options.Seed, events, corpus.Workload.Files, Figures.Median(parse), median,
            [.. intakes.Select(intake => Summarize(intake.Key, intake.Value, corpus.Workload, median))], latency);
        ResultFile.Write(options.Json, result);
        Print(result);
        work.Keep = !verdict.IsGood;
        return Figures.Conclude(verdict);
    }

    /// <summary>Only the limits: for whoever works on the bare loop.</summary>
    public static async Task<int> RunLimits(int events, int rounds, string? postgres, RunOptions options)
    {
        using var work = new WorkDirectory(options.Work);
        var corpus = Corpus.Write(work.File("billing.ndjson"), Workload.OfEvents(options.Seed, LifeMix.Full, events), BodyLines);
        for (var round = 1; round <= rounds; round++)
        {
            Console.WriteLine($"round {round}  parse only {Figures.Thousands(ParseOnly.Run(corpus))}/s   bare loop {Figures.Thousands(await RunBareLoop(corpus, work))}/s");
            if (postgres is not null)
            {
                await using var rows = await PostgresRows.Open(await EmptyDatabase.In(postgres, "bare"));
                Console.WriteLine($"round {round}  bare loop over PostgreSQL {Figures.Thousands(await BareLoop.Run(corpus, rows))}/s");
            }
        }

        return 0;
    }

    private static async Task<double> RunBareLoop(Corpus corpus, WorkDirectory work)
    {
        var directory = work.MakeDirectory("bare");
        double eventsPerSecond;
        using (var rows = new BareRows(directory))
        {
            eventsPerSecond = await BareLoop.Run(corpus, rows);
        }

        Directory.Delete(directory, recursive: true);
        return eventsPerSecond;
    }

    private static IntakeResult Summarize(string intake, List<IntakeRun> runs, Workload workload, double limit)
    {
        var (eventsPerSecond, bytes) = (Figures.Median(runs.Select(r => r.EventsPerSecond)), Figures.Median(runs.Select(r => (double)r.DataBytes)));
        return new IntakeResult(
            intake,
            eventsPerSecond,
            Figures.Median(runs.Select(r => r.EventsPerCpuSecond)),
            eventsPerSecond / limit,
            runs.Max(r => r.PeakResidentBytes),
            bytes / workload.Files,
            bytes / workload.Events,
            runs.Sum(r => r.Verdict.Lost),
            runs.Sum(r => r.Verdict.Repeated),
            runs.Sum(r => r.Verdict.WrongStates));
    }

    private static void Print(EmbeddedResult result)
    {
        Console.WriteLine();
        Console.WriteLine(result.Machine);
        Console.WriteLine($"commit {result.Commit}, {result.Events} events, {result.Files} files, medians");
        Console.WriteLine($"{"",-12}{"events/s",10}{"of limit",10}{"per CPU s",11}{"peak",10}{"B/file",8}{"B/event",9}{"lost",6}{"repeated",10}{"wrong",7}");
        Console.WriteLine($"{"parse only",-12}{Figures.Thousands(result.ParseOnlyEventsPerSecond),10}");
        Console.WriteLine($"{"bare loop",-12}{Figures.Thousands(result.LimitEventsPerSecond),10}{1,10:0.00}");
        foreach (var intake in result.Intakes)
        {
            Console.WriteLine(
                $"{intake.Intake,-12}{Figures.Thousands(intake.EventsPerSecond),10}{intake.RatioToLimit,10:0.00}{Figures.Thousands(intake.EventsPerCpuSecond),11}"
                + $"{Figures.Mebibytes(intake.PeakResidentBytes),10}{intake.BytesPerFile,8:0}{intake.BytesPerEvent,9:0}{intake.Lost,6}{intake.Repeated,10}{intake.WrongStates,7}");
        }

        Console.WriteLine($"latency at {result.Latency.Rate} events/s, due to seen: p50 {result.Latency.P50Milliseconds:0.0} ms, p99 {result.Latency.P99Milliseconds:0.0} ms");
    }
}
