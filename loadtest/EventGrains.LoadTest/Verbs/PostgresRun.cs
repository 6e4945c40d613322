using System.Globalization;
using EventGrains.LoadTest.Cluster;
using EventGrains.LoadTest.Generator;
using EventGrains.LoadTest.Limits;
using EventGrains.LoadTest.Oracle;
using EventGrains.LoadTest.Product;
using EventGrains.LoadTest.Report;
using EventGrains.Tests.Postgres;

namespace EventGrains.LoadTest.Verbs;

internal sealed record PostgresResult(
    string Machine, string Commit, int Seed, int Events, int Files, Rounds BareLoop, IReadOnlyList<ShardsResult> Products, long Lost, long Repeated, long WrongStates, long Others);

/// <param name="RatioToBareLoop">The median of the rounds' own ratios.</param>
internal sealed record ShardsResult(int Shards, Rounds Rounds, double RatioToBareLoop);

/// <param name="EventsPerSecond">Each round's.</param>
/// <param name="EventsPerCpuSecond">By all processes, PostgreSQL's included.</param>
internal sealed record Rounds(IReadOnlyList<double> EventsPerSecond, IReadOnlyList<double> EventsPerCpuSecond);

/// <summary><c>postgres</c>: how fast one process takes a log file in over PostgreSQL, with few shards and many, beside the bare loop over the same server.</summary>
internal static class PostgresRun
{
    private const int BodyLines = 5_000;

    public static async Task<int> Run(int events, int rounds, int[] shards, string? postgres, RunOptions options, CancellationToken ct)
    {
        using var work = new WorkDirectory(options.Work) { Keep = true };
        var corpus = Corpus.Write(work.File("billing.ndjson"), Workload.OfEvents(options.Seed, LifeMix.Full, events), BodyLines);
        Console.WriteLine($"{events} events of {corpus.Workload.Files} files, {corpus.Bytes / events} bytes each, seed {options.Seed}");
        await using var ours = postgres is null ? await Site.LaunchServer() : null;
        var server = postgres ?? ours!.ConnectionString;
        var (bare, verdict) = (new Measured(), new Verdict());
        var products = shards.ToDictionary(n => n, _ => new Measured());
        for (var round = 0; round < rounds; round++)
        {
            await RunBareLoop(corpus, server, bare);
            Console.WriteLine($"round {round + 1}  bare loop   {bare.Last}");
            foreach (var n in shards.Select((_, place) => shards[(place + round) % shards.Length]))
            {
                verdict.Add(await RunProduct(corpus, n, server, products[n], options, work, ct));
                Console.WriteLine($"round {round + 1}  {n,3} shards  {products[n].Last}");
            }
        }

        var here = Surroundings.Of(options.Product);
        var result = new PostgresResult(
            here.Machine, here.Commit, options.Seed, events, corpus.Workload.Files, bare.Rounds,
            [.. products.Select(p => new ShardsResult(p.Key, p.Value.Rounds, Figures.Median(p.Value.PerSecond.Zip(bare.PerSecond, (own, limit) => own / limit))))],
            verdict.Lost, verdict.Repeated, verdict.WrongStates, verdict.Others);
        ResultFile.Write(options.Json, result);
        Print(result);
        work.Keep = !verdict.IsGood;
        return Figures.Conclude(verdict);
    }

    private static async Task RunBareLoop(Corpus corpus, string server, Measured measured)
    {
        var database = await PostgresInstance.NewDatabase(server);
        await using (var rows = await PostgresRows.Open(database))
        {
            var before = CpuOfAll();
            var perSecond = await BareLoop.Run(corpus, rows);
            measured.Add(perSecond, corpus.Workload.Events / (CpuOfAll() - before));
        }

        await Drop(server, database);
    }

    private static async Task<Verdict> RunProduct(Corpus corpus, int shards, string server, Measured measured, RunOptions options, WorkDirectory work, CancellationToken ct)
    {
        var database = await PostgresInstance.NewDatabase(server);
        string[] settings =
        [
            "store=postgres", $"postgres={database}",
            FormattableString.Invariant($"shards={shards}"), FormattableString.Invariant($"siloPort={FreePorts.Take()}"), FormattableString.Invariant($"clientPort={FreePorts.Take()}"),
        ];

        // Ours is told apart: waiting costs nothing, and the subscribers of the intake are read by us.
        var run = await IntakeRun.Of(IntakeRun.ByLog, corpus, options, work, settings, _ => ProcessFigures.OfChildren(Environment.ProcessId), ct);
        measured.Add(run.EventsPerSecond, run.EventsPerCpuSecond);
        await Drop(server, database);
        return run.Verdict;
    }

    /// <summary>This process and all that it started.</summary>
    private static double CpuOfAll() => ProcessFigures.OfChildren(Environment.ProcessId) + Environment.CpuUsage.TotalTime.TotalSeconds;

    private static async Task Drop(string server, string database) => await
        PostgresInstance.Run(server, $"drop database {new Npgsql.NpgsqlConnectionStringBuilder(database).Database} with (force)");

    private static void Print(PostgresResult result)
    {
        Console.WriteLine();
        Console.WriteLine(result.Machine);
        Console.WriteLine($"commit {result.Commit}, {result.Events} events, {result.Files} files; medians (and from the least to the most) of {result.BareLoop.EventsPerSecond.Count} interleaved rounds");
        Console.WriteLine($"{"",-12}{"events/s",-32}{"of bare loop",-14}{"per CPU second of all processes"}");
        Console.WriteLine($"{"bare loop",-12}{Figures.Spread(result.BareLoop.EventsPerSecond),-32}{"1.00",-14}{Figures.Spread(result.BareLoop.EventsPerCpuSecond)}");
        foreach (var product in result.Products)
        {
            var ratio = product.RatioToBareLoop.ToString("0.00", CultureInfo.InvariantCulture);
            Console.WriteLine($"{$"{product.Shards} shards",-12}{Figures.Spread(product.Rounds.EventsPerSecond),-32}{ratio,-14}{Figures.Spread(product.Rounds.EventsPerCpuSecond)}");
        }

        var medians = result.Products.Select(p => Figures.Median(p.Rounds.EventsPerSecond)).ToList();
        Console.WriteLine(FormattableString.Invariant($"the fastest number of shards is {(medians.Max() / medians.Min() - 1) * 100:0} % above the slowest"));
    }

    private sealed class Measured
    {
        private readonly List<double> _perCpuSecond = [];

        public List<double> PerSecond { get; } = [];

        public Rounds Rounds => new(PerSecond, _perCpuSecond);

        public string Last => $"{Figures.Thousands(PerSecond[^1])}/s   {Figures.Thousands(_perCpuSecond[^1])} per CPU second";

        public void Add(double perSecond, double perCpuSecond)
        {
            PerSecond.Add(perSecond);
            _perCpuSecond.Add(perCpuSecond);
        }
    }
}
