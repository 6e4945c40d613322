using System.Collections;
using System.Diagnostics;
using System.Globalization;
using EventGrains.LoadTest.Generator;
using EventGrains.LoadTest.Oracle;
using EventGrains.LoadTest.Product;
using EventGrains.LoadTest.Report;

namespace EventGrains.LoadTest.Verbs;

internal sealed record MemoryResult(
    string Machine, string Commit, int Seed, int Files, IReadOnlyList<MemoryPoint> Curve, double ColdStartSeconds, int ListedFiles, double ListSeconds);

/// <param name="Files">How many files were known.</param>
/// <param name="ResidentBytes">The median of what was sampled during the last half of the step that led there.</param>
internal sealed record MemoryPoint(int Files, long ResidentBytes);

/// <summary><c>memory</c>: what the product needs as the files grow more, how soon it answers again, and whether it lists each file once.</summary>
internal static class Memory
{
    /// <summary>How many points the curve has; for two million files, one every quarter of a million.</summary>
    private const int Steps = 8;

    private const int FilesCachedMax = 100_000;

    /// <summary>At most so many times the memory of a quarter of the files may all of them take, once the cache is full by then.</summary>
    private const double GrowthMax = 1.2;

    private static readonly TimeSpan ColdStartMax = TimeSpan.FromSeconds(10);

    /// <summary>In a small run fewer, so that every point of the curve comes after a few bodies.</summary>
    private const int BodyEventsMax = 5_000;

    private static readonly TimeSpan SampleEvery = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan ColdStartWithin = TimeSpan.FromMinutes(2);

    public static async Task<int> Run(int files, RunOptions options, CancellationToken ct)
    {
        using var work = new WorkDirectory(options.Work) { Keep = true };
        var rules = work.File("rules.yaml");
        await File.WriteAllTextAsync(rules, RuleFile.ForEvents(work.MakeDirectory("logs")), ct);
        var launch = new ServerLaunch(
            options.Product, work.MakeDirectory("data"), rules, 0, work.File("server.log"),
            string.Create(CultureInfo.InvariantCulture, $"filesCachedMax={FilesCachedMax}"));
        var workload = Workload.OfFiles(options.Seed, LifeMix.Short, files);
        var verdict = new Verdict();

        List<MemoryPoint> curve;
        await using (var server = await ServerProcess.Start(launch, ct))
        {
            using var client = new ServerClient(await server.Ready);
            curve = await Grow(server, new Publisher(client, RuleFile.HttpSource), workload, ct);

            // Not stopped but killed: the start after a crash is the slower one.
            await server.Kill();
        }

        var coldStart = Stopwatch.StartNew();
        await using var again = ServerProcess.Launch(launch);
        using var reader = await AnswerFirstPost(again, workload, ct);
        var coldStartSeconds = coldStart.Elapsed.TotalSeconds;
        Console.WriteLine($"cold start to the first 200: {coldStartSeconds:0.00} s");

        var listing = Stopwatch.StartNew();
        var listed = await List(reader, workload, verdict, ct);
        Console.WriteLine($"{listed} files under /d listed in {listing.Elapsed.TotalSeconds:0.00} s");

        Judge(files, curve, coldStartSeconds, verdict);
        var here = Surroundings.Of(options.Product);
        ResultFile.Write(options.Json, new MemoryResult(here.Machine, here.Commit, options.Seed, files, curve, coldStartSeconds, listed, listing.Elapsed.TotalSeconds));
        await again.Stop();
        work.Keep = !verdict.IsGood;
        return Figures.Conclude(verdict);
    }

    private static async Task<List<MemoryPoint>> Grow(ServerProcess server, Publisher publisher, Workload workload, CancellationToken ct)
    {
        var curve = new List<MemoryPoint>();
        var known = new BitArray(workload.Files);
        var count = 0;
        var samples = new List<long>();
        using var sampling = new PeriodicTimer(SampleEvery);
        var sampler = Task.Run(
            async () =>
            {
                while (await sampling.WaitForNextTickAsync(ct))
                {
                    lock (samples)
                    {
                        samples.Add(ProcessFigures.Of(server.Id).ResidentBytes);
                    }
                }
            },
            ct);

        foreach (var records in workload.Stream().Chunk(Math.Clamp(workload.Files / Steps / 4, 100, BodyEventsMax)))
        {
            await publisher.Publish(RecordWriter.WriteAll(records), ct);
            foreach (var record in records)
            {
                count += known[record.Life.Number] ? 0 : 1;
                known[record.Life.Number] = true;
            }

            var next = (int)((long)workload.Files * (curve.Count + 1) / Steps);
            if (count >= next)
            {
                lock (samples)
                {
                    samples.Add(ProcessFigures.Of(server.Id).ResidentBytes);
                    var resident = (long)Figures.Median(samples.Skip(samples.Count / 2).Select(bytes => (double)bytes));
                    samples.Clear();
                    curve.Add(new MemoryPoint(count, resident));
                    Console.WriteLine($"{count,9} files  {Figures.Mebibytes(resident)}");
                }
            }
        }

        sampling.Dispose();
        await sampler;
        return curve;
    }

    private static void Judge(int files, List<MemoryPoint> curve, double coldStartSeconds, Verdict verdict)
    {
        var (quarter, all) = (curve[(Steps / 4) - 1], curve[^1]);
        var growth = (double)all.ResidentBytes / quarter.ResidentBytes;
        Console.WriteLine($"{growth:0.00} times the memory of {quarter.Files} files");
        if (quarter.Files < FilesCachedMax)
        {
            return; // too few files to say anything of a store
        }

        if (growth > GrowthMax)
        {
            verdict.AddOther($"{all.Files} files take {growth:0.00} times the memory of {quarter.Files}, more than {GrowthMax}");
        }

        if (coldStartSeconds > ColdStartMax.TotalSeconds)
        {
            verdict.AddOther($"the cold start took {coldStartSeconds:0.0} s, more than {ColdStartMax.TotalSeconds:0}");
        }
    }

    private static async Task<ServerClient> AnswerFirstPost(ServerProcess server, Workload workload, CancellationToken ct)
    {
        var client = new ServerClient(await server.Ready.WaitAsync(ColdStartWithin, ct));
        await new Publisher(client, RuleFile.HttpSource).Publish(RecordWriter.WriteAll([new Record(workload.Life(0), 0, ByDoor: true)]), ct);
        return client;
    }

    private static async Task<int> List(ServerClient client, Workload workload, Verdict verdict, CancellationToken ct)
    {
        var listed = new BitArray(workload.Files);
        var count = 0;
        await foreach (var file in client.Files($"storage={RuleFile.Storage}&path={Uri.EscapeDataString("/d/**")}", ct))
        {
            var number = FileLife.NumberOf(file.Id);
            if (number % LifePlan.ListedShare != 0 || listed[number])
            {
                verdict.AddOther($"{file.Id} at {file.Path} was listed {(number % LifePlan.ListedShare == 0 ? "twice" : "and does not match")}");
            }

            (listed[number], count) = (true, count + 1);
        }

        for (var number = 0; number < workload.Files; number += LifePlan.ListedShare)
        {
            if (!listed[number])
            {
                verdict.AddLost(1, $"{workload.Life(number).Native} was not listed");
            }
        }

        return count;
    }
}
