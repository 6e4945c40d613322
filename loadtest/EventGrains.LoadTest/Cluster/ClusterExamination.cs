using EventGrains.LoadTest.Generator;
using EventGrains.LoadTest.Oracle;
using EventGrains.LoadTest.Product;

namespace EventGrains.LoadTest.Cluster;

/// <summary>What is looked at when a cluster has come to rest: every file against the oracle, each subscriber to the last version, histories, steps.</summary>
internal sealed class ClusterExamination(ServerClient client, bool withWitnesses, Verdict verdict)
{
    /// <summary>Histories of further files are a sample.</summary>
    public const int HistoriesMax = 3_000;

    private const int HistoriesAtATime = 8;
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan SubscribersWithin = TimeSpan.FromMinutes(2);

    private readonly List<(string Id, int Version)> _files = [];

    public int Files => _files.Count;

    public int Histories { get; private set; }

    public int StreamDeliveries { get; private set; }

    public async Task Of(Workload workload, Workload probes, IReadOnlyList<TransitionLedger> ledgers, CancellationToken ct)
    {
        await CompareFacts(workload, probes, ct);
        await Settling.Sometime(SubscribersWithin, () => ledgers.All(ledger => _files.All(f => ledger.LastVersion(f.Id) >= f.Version)), ct, LookEvery);
        foreach (var ledger in ledgers)
        {
            _files.ForEach(f => ledger.CompareEnd(f.Id, f.Version));
            if (ledger.Files != _files.Count)
            {
                verdict.AddRepeated($"{ledger.Name}: transitions of {ledger.Files} files came, and there are {_files.Count}");
            }
        }

        await CompareHistories(ct);
        await foreach (var step in client.Steps("failed", ct))
        {
            verdict.AddOther($"step {step.Action} of rule {step.Rule} on {step.File} failed: {step.Error}");
        }
    }

    /// <summary>Each file that a grain follows has come to its last version there, in order.</summary>
    public async Task CompareStream(Func<IEnumerable<string>> lines, CancellationToken ct)
    {
        var versions = _files.ToDictionary(f => f.Id, f => f.Version, StringComparer.Ordinal);
        await Settling.Sometime(SubscribersWithin, () => StreamLedger.Of(lines(), new Verdict()) is { Files: > 0 } ledger && ledger.Missing(versions) is null, ct, LookEvery);
        var stream = StreamLedger.Of(lines(), verdict);
        StreamDeliveries = stream.Deliveries;
        if (stream.Files == 0 || stream.Missing(versions) is not null)
        {
            verdict.AddRepeated(stream.Missing(versions) ?? "stream: nobody subscribed");
        }
    }

    /// <summary>Evenly over all; all when they are few.</summary>
    internal static IEnumerable<int> Sampled(int files) =>
        Enumerable.Range(0, Math.Min(files, HistoriesMax)).Select(n => (int)((long)n * files / Math.Min(files, HistoriesMax)));

    private async Task CompareFacts(Workload workload, Workload probes, CancellationToken ct)
    {
        var (load, beside) = (new Examination(workload, verdict), new Examination(probes, verdict));
        await foreach (var file in client.Files($"storage={RuleFile.Storage}", ct))
        {
            (Probes.IsProbe(FileLife.NumberOf(file.Id)) ? beside : load).Compare(file);
            CompareSteps(file);
            _files.Add((file.Id, file.Version));
        }

        load.Conclude();
        beside.Conclude();
    }

    private void CompareSteps(FileAnswer file)
    {
        var isWanted = file.Path?.Contains("/calib", StringComparison.Ordinal) == true || (withWitnesses && file.Path?.Contains("/watch0/", StringComparison.Ordinal) == true);
        foreach (var step in file.Steps.Where(step => step.State is not ("done" or "cancelled" or "superseded")))
        {
            verdict.AddOther($"{file.Id}: step {step.Action} of rule {step.Rule} is {step.State} {step.Error}");
        }

        // A deleted file may have been deleted before its rule could fire; a stored one may not be passed over.
        if (isWanted ? file.Existence == "stored" && file.Steps.Count == 0 : file.Steps.Count > 0)
        {
            verdict.AddOther($"{file.Id} at {file.Path} is {file.Existence} and has {file.Steps.Count} steps");
        }
    }

    private async Task CompareHistories(CancellationToken ct)
    {
        // The files with the most versions always.
        var sample = Sampled(_files.Count).Select(n => _files[n]).Concat(_files.OrderByDescending(f => f.Version).Take(10)).Distinct().ToList();
        Histories = sample.Count;
        await Parallel.ForEachAsync(sample, new ParallelOptions { MaxDegreeOfParallelism = HistoriesAtATime, CancellationToken = ct }, async (file, token) =>
        {
            var versions = await client.History(file.Id, token).Select(entry => entry.Version).ToListAsync(token);
            if (!versions.SequenceEqual(Enumerable.Range(1, file.Version)))
            {
                verdict.AddRepeated($"history: {file.Id} is at version {file.Version}, and its history has {string.Join(' ', versions.Take(20))}");
            }
        });
    }
}
