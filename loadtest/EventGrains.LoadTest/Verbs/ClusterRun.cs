using System.Diagnostics;
using EventGrains.LoadTest.Cluster;
using EventGrains.LoadTest.Generator;
using EventGrains.LoadTest.Oracle;
using EventGrains.LoadTest.Product;
using EventGrains.LoadTest.Report;

namespace EventGrains.LoadTest.Verbs;

/// <param name="Postgres">A connection to a running server instead of one of our own, which then meets no fault.</param>
/// <param name="UpgradeFrom">The executable of an older release, which all are at the beginning; null for no upgrade.</param>
internal sealed record ClusterOptions(
    int Silos, int Gateways, Scenario Scenario, bool WithFaults, bool WithStream, int HealsWithin, int Shards, string? Html, string? Postgres, string? UpgradeFrom);

/// <summary><c>cluster</c>: silos and gateways around one real PostgreSQL under a load by the clock, with faults; afterwards nothing may be missing, doubled or late.</summary>
internal sealed class ClusterRun : IAsyncDisposable
{
    private const int LogFilesCount = 8;

    /// <summary>Seconds after the load that are still told apart.</summary>
    private const int AfterSeconds = 60;

    private static readonly TimeSpan ConnectWithin = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan AcknowledgedWithin = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan ProbesSeenWithin = TimeSpan.FromSeconds(30);

    private readonly ClusterOptions _options;
    private readonly RunOptions _run;
    private readonly Verdict _verdict;
    private readonly Site _site;
    private readonly LogFiles _logs;
    private readonly Workload _workload;
    private readonly Probes _probes;
    private readonly string _steps;
    private readonly string _stream;
    private readonly RunClock _clock = new();
    private readonly PerSecond _offered;
    private readonly PerSecond _acknowledged;
    private readonly PerSecond _seen;
    private readonly List<TransitionLedger> _ledgers = [];
    private readonly List<TransitionFeed> _feeds = [];
    private readonly List<ServerClient> _clients;
    private readonly ClientErrors _clientErrors;
    private readonly RollingUpgrade? _upgrade;

    private ClusterRun(ClusterOptions options, RunOptions run, ProductFiles first, Site site, LogFiles logs, string steps, string stream, Verdict verdict)
    {
        (_options, _run, _site, _logs, _steps, _stream, _verdict) = (options, run, site, logs, steps, stream, verdict);
        _workload = options.Scenario.Workload(run.Seed);
        var overtime = options.UpgradeFrom is null && !options.WithFaults ? 0 : Offering.OvertimeSecondsMax;
        _probes = new Probes(run.Seed, (options.Scenario.Seconds + Offering.WarmUpSecondsMax + overtime) * Probes.PerSecond, site.Gateways.Count);
        var seconds = options.Scenario.Seconds + AfterSeconds;
        (_offered, _acknowledged, _seen) = (new PerSecond(_clock, seconds), new PerSecond(_clock, seconds), new PerSecond(_clock, seconds));
        _clientErrors = new ClientErrors(_clock);
        _clients = [.. site.Gateways.Select(g => new ServerClient(g.Address, error => _clientErrors.Add(g.Name, error)))];
        _upgrade = options.UpgradeFrom is null ? null : new RollingUpgrade(site, _clients, first, run.Product, _clock, verdict);
    }

    public static async Task<int> Run(ClusterOptions options, RunOptions run, CancellationToken ct)
    {
        using var work = new WorkDirectory(run.Work) { Keep = true };
        var plan = options.WithFaults
            ? FaultSchedule.Plan(run.Seed, options.Scenario.Seconds, options.Silos, options.Gateways, options.Postgres is null)
            : [];
        ClusterReport.Print(plan, run.Seed);
        var (steps, stream) = (work.MakeDirectory("steps"), work.MakeDirectory("stream"));
        Environment.SetEnvironmentVariable(StepLedger.Variable, steps);
        Environment.SetEnvironmentVariable(StreamLedger.Variable, stream);

        Site.StartAsDeployed();
        var logs = new LogFiles(work.MakeDirectory("logs"), LogFilesCount);
        await File.WriteAllTextAsync(work.File("rules.yaml"), RuleFile.ForEvents(logs.Directory) + (options.WithStream ? RuleFile.ForWitnesses() : ""), ct);
        var verdict = new Verdict();
        var first = options.UpgradeFrom is null ? run.Product : ProductFiles.Locate(options.UpgradeFrom, run.Product.Actions);
        await using var site = await Site.Open(run with { Product = first }, work, work.File("rules.yaml"), verdict, options.Postgres, FormattableString.Invariant($"shards={options.Shards}"));
        Add(options.Silos, site.AddSilo);
        Add(options.Gateways, site.AddGateway);
        await site.Start(ct);
        Console.WriteLine($"{options.Silos} silos and {options.Gateways} gateways serve");

        await using var cluster = new ClusterRun(options, run, first, site, logs, steps, stream, verdict);
        var result = await cluster.Measure(plan, ct);
        ResultFile.Write(run.Json, result);
        ClusterPage.Write(options.Html, result);
        ClusterReport.Print(result);
        work.Keep = !verdict.IsGood;
        return Figures.Conclude(verdict);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var feed in _feeds)
        {
            await feed.DisposeAsync();
        }

        _clients.ForEach(c => c.Dispose());
    }

    private async Task<ClusterResult> Measure(IReadOnlyList<PlannedFault> plan, CancellationToken ct)
    {
        await Subscribe(ct);
        using var publisher = new GatewayPublisher(_clients, _acknowledged, _verdict);
        var offering = new Offering(_options.Scenario, _workload, _probes, _logs, publisher, _run.Seed);
        if (!await offering.WarmUp(ct))
        {
            _verdict.AddOther($"{Offering.WarmUpSecondsMax} s after all served, an event still took more than {Healing.LatencyMax} s");
        }

        offering.WriteBacklog();
        var (cpu, postgresCpu) = (ProcessFigures.OfChildren(Environment.ProcessId), PostgresCpu());
        var faults = new FaultRun(_site, _clock, _options.Scenario.Seconds - FaultSchedule.LastBeforeEnd + 1, _verdict);
        _clock.Begin();
        var meanwhile = Task.WhenAll(_upgrade?.Run(ct) ?? Task.CompletedTask, Do(faults, plan, ct));
        await Task.WhenAll(offering.Run(_clock, _offered, meanwhile, ct), meanwhile);
        var attempts = 0;
        var examination = new ClusterExamination(_clients[0], _options.WithStream, _verdict);
        await Finding(() => publisher.AllAcknowledged(AcknowledgedWithin, ct), ct);
        await Finding(() => Settling.LogRead(_clients[0], RuleFile.LogSource, _logs.IsRead, ct), ct);
        await Finding(() => Settling.StepsEnded(_clients[0], ct), ct);
        await Settling.Sometime(ProbesSeenWithin, () => _probes.AreAllSeen, ct);
        (cpu, postgresCpu) = (ProcessFigures.OfChildren(Environment.ProcessId) - cpu, PostgresCpu() - postgresCpu);
        await Finding(() => examination.Of(_workload, _probes.Workload, _ledgers, ct), ct);
        if (_options.WithStream)
        {
            await Finding(() => examination.CompareStream(() => StepLedger.Read(_stream), ct), ct);
        }

        if (publisher.Rejected > 0)
        {
            _verdict.AddLost(publisher.Rejected, $"{publisher.Rejected} events were rejected");
        }

        var upgrade = _upgrade is null ? null : await _upgrade.Conclude(_clientErrors, _probes.Samples(_clock), Math.Max(_clock.Now, _options.Scenario.Seconds), ct);
        await StopAll();
        attempts = StepLedger.Compare(StepLedger.Read(_steps), _verdict);
        var (samples, outcomes) = Judge(plan, faults.Done);
        return Result(publisher, offering, examination, samples, outcomes, attempts, cpu, postgresCpu) with { Upgrade = upgrade };
    }

    /// <summary>Returns when also the last of what came back had its time, and events come as they must: only then is seen what became of it.</summary>
    private async Task Do(FaultRun faults, IReadOnlyList<PlannedFault> plan, CancellationToken ct)
    {
        await faults.Run(plan, ct);
        var seenAt = faults.Done.Select(f => f.CalmFrom + Healing.Calm + Healing.LatencyMax).DefaultIfEmpty().Max();
        await Settling.Sometime(
            TimeSpan.FromSeconds(Math.Max(0, seenAt - _clock.Now) + _options.HealsWithin), () => _clock.Now > seenAt && _probes.IsWell(Stopwatch.GetTimestamp()), ct);
    }

    private async Task Subscribe(CancellationToken ct)
    {
        for (var n = 0; n < _clients.Count; n++)
        {
            var (subscriber, turn) = (n, n);
            var ledger = new TransitionLedger($"sse-{n}", fromFirst: true, _verdict);
            _ledgers.Add(ledger);

            // Each begins at a gateway of its own, and goes to another when that one is lost.
            _feeds.Add(new TransitionFeed(() => _clients[turn++ % _clients.Count], "from=earliest", seen => See(subscriber, ledger, seen)));
        }

        await Task.WhenAll(_feeds.Select(feed => feed.Open)).WaitAsync(ConnectWithin, ct);
    }

    private void See(int subscriber, TransitionLedger ledger, SeenTransition seen)
    {
        ledger.Add(seen.File, seen.Version);
        _seen.Add(1, seen.ReceivedAt);
        if (seen.Version == 1 && FileLife.NumberOf(seen.File) is var number && Probes.IsProbe(number))
        {
            _probes.Seen(subscriber, number, seen.ReceivedAt);
        }
    }

    /// <summary>What does not come to rest is a finding, and the rest is looked at all the same.</summary>
    private async Task Finding(Func<Task> look, CancellationToken ct)
    {
        try
        {
            await look();
        }
        catch (Exception e) when (e is ProductException || ServerClient.IsAway(e, ct))
        {
            _verdict.AddOther(e.Message);
        }
    }

    private async Task StopAll()
    {
        foreach (var feed in _feeds)
        {
            if (feed.Gaps > 0)
            {
                _verdict.AddOther($"an SSE client got {feed.Gaps} gaps");
            }

            await feed.DisposeAsync();
        }

        foreach (var member in _site.Gateways.Concat(_site.Silos).Where(m => m.IsWanted))
        {
            if (await member.Stop() is var code and not 0)
            {
                _verdict.AddOther($"{member.Name} ended with {(code is null ? "nothing, and was killed," : $"exit code {code}")} after SIGTERM at the end");
            }
        }
    }

    private (List<Sample> Samples, IReadOnlyList<FaultOutcome> Outcomes) Judge(IReadOnlyList<PlannedFault> plan, IReadOnlyList<FaultDone> faults)
    {
        List<Sample> samples = [.. _probes.Samples(_clock)];
        if (samples.Count(s => double.IsInfinity(s.Seen)) is var unseen and > 0)
        {
            _verdict.AddLost(unseen, $"{unseen} first transitions of probes never came to a subscriber");
        }

        // As long as there were probes; what the load itself has no time for is still seen by them.
        var end = Math.Max(_options.Scenario.Seconds, samples.Select(s => s.Due).DefaultIfEmpty().Max());
        var outcomes = FaultOutcome.Of(faults, samples, _clientErrors.All, end);
        FaultFindings.Add(plan, faults, outcomes, _options.HealsWithin, _verdict);
        return (samples, outcomes);
    }

    private ClusterResult Result(
        GatewayPublisher publisher, Offering offering, ClusterExamination examination, List<Sample> samples, IReadOnlyList<FaultOutcome> faults, int attempts, double cpu, double? postgresCpu)
    {
        var findings = ServerLog.Findings(_site.Members.SelectMany(m => File.ReadLines(m.LogPath)));
        foreach (var finding in findings.Where(f => ServerLog.IsUnexpected(f, _options.WithFaults, _upgrade is not null)))
        {
            _verdict.AddOther($"{finding.Count} lines in the servers' logs: {finding.Level} {finding.Category}: {finding.Example}");
        }

        var here = Surroundings.Of(_run.Product);
        var bySecond = samples.ToLookup(s => (int)Math.Floor(s.Due));
        return new ClusterResult(
            here.Machine, here.Commit, _run.Seed, _options.Scenario.Name, _options.Silos, _options.Gateways, _options.Shards, _options.Scenario.Rate, _options.Scenario.Seconds,
            offering.Offered, publisher.Accepted, publisher.Resent, offering.WorstLateness,
            examination.Files, _ledgers.Sum(l => l.Transitions), _feeds.Sum(f => f.Connections), examination.Histories, attempts, examination.StreamDeliveries,
            cpu, postgresCpu, (offering.Offered + _probes.Offered) / cpu,
            LatencyFigures.Of(samples.Where(s => s.Due >= 0)),
            faults, KindOutcome.Of(faults),
            [.. Enumerable.Range(0, _options.Scenario.Seconds).Select(s => new SecondFigures(s, _offered[s], _acknowledged[s], _seen[s], LatencyFigures.Of(bySecond[s])))],
            findings, _verdict.Lost, _verdict.Repeated, _verdict.WrongStates, _verdict.Others, _verdict.Examples);
    }

    private double? PostgresCpu() => _site.Server is { } server ? ProcessFigures.Tree(server.KeeperId) : null;

    private static void Add(int count, Func<Member> add)
    {
        for (var n = 0; n < count; n++)
        {
            add();
        }
    }
}
