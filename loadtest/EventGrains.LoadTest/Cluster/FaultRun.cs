using EventGrains.LoadTest.Oracle;
using EventGrains.LoadTest.Product;
using EventGrains.Tests.Faults;
using EventGrains.Tests.Postgres;

namespace EventGrains.LoadTest.Cluster;

/// <summary>Does the faults of a schedule to a site, each at its time, or as soon as enough silos serve.</summary>
/// <param name="lastAt">Later no fault is begun: it could not heal under load.</param>
internal sealed class FaultRun(Site site, RunClock clock, double lastAt, Verdict verdict)
{
    private const int ExitKilled = 137;
    private const int ExitDeclaredDead = 9;

    private static readonly TimeSpan KilledFor = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan FrozenFor = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan EndsAwakeWithin = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PostgresDownFor = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan GatewayDownFor = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan CutFor = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan SlowFor = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan SlowEachWay = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan CommitWithin = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ServingWithin = TimeSpan.FromSeconds(60);

    /// <summary>By then one that came has its share of shards, sources and readers: a silo looks every 5 s, and moves the latter when nobody came or went since it looked last.</summary>
    private static readonly TimeSpan SharedOutWithin = TimeSpan.FromSeconds(10);

    private readonly List<FaultDone> _done = [];

    /// <summary>In the order of their starts.</summary>
    public IReadOnlyList<FaultDone> Done
    {
        get
        {
            lock (_done)
            {
                return [.. _done.OrderBy(f => f.StartedAt)];
            }
        }
    }

    private double Now => clock.Now;

    /// <summary>Returns when everything that was ended is started again.</summary>
    public async Task Run(IReadOnlyList<PlannedFault> plan, CancellationToken ct)
    {
        var (running, last) = (new List<Task>(), 0.0);
        foreach (var fault in plan)
        {
            // One that had to wait moves those after it: what each does must be told apart.
            await Task.Delay(TimeSpan.FromSeconds(Math.Max(0, Math.Max(fault.At, last + FaultSchedule.EverySeconds) - Now)), ct);
            await Settling.Sometime(ServingWithin, () => IsPossible(fault), ct);
            if (!IsPossible(fault))
            {
                verdict.AddOther($"{fault.Kind} at {fault.At} s was left out: {site.Silos.Count(s => s.IsServing)} silos serve");
            }
            else if (Now > lastAt)
            {
                Console.WriteLine($"{fault.Kind} of {fault.At} s is left out: the load ends too soon");
            }
            else
            {
                last = Now;
                running.Add(Try(fault, ct));
            }
        }

        await Task.WhenAll(running);
    }

    private bool IsPossible(PlannedFault fault) =>
        fault.Kind == FaultKind.RemoveSilo ? site.Silos.ElementAtOrDefault(fault.Target) is { IsServing: true }
        : FaultSchedule.SiloOutSeconds(fault.Kind) == 0 || (site.Silos.Count(s => s.IsServing) > FaultSchedule.ServingMin && site.Silos[fault.Target].IsServing);

    private async Task Try(PlannedFault fault, CancellationToken ct)
    {
        try
        {
            await Do(fault, ct);
        }
        catch (Exception e) when (e is ProductException or InvalidOperationException or TimeoutException or Npgsql.NpgsqlException)
        {
            verdict.AddOther($"{fault.Kind} at {fault.At} s: {e.Message}");
        }
    }

    private Task Do(PlannedFault fault, CancellationToken ct) => fault.Kind switch
    {
        FaultKind.KillSilo => Kill(fault.Kind, site.Silos[fault.Target], KilledFor, ct),
        FaultKind.KillGateway => Kill(fault.Kind, site.Gateways[fault.Target], GatewayDownFor, ct),
        FaultKind.FreezeSilo => Freeze(site.Silos[fault.Target], ct),
        FaultKind.FreezeInCommit => FreezeInCommit(site.Silos[fault.Target], ct),
        FaultKind.StopPostgres => StopPostgres(fault.Kind, StopMode.Fast, ct),
        FaultKind.CrashPostgres => StopPostgres(fault.Kind, StopMode.Immediate, ct),
        FaultKind.CutLink => CutLink(site.Silos[fault.Target], ct),
        FaultKind.SlowLink => SlowLink(site.Silos[fault.Target], ct),
        FaultKind.AddSilo => AddSilo(ct),
        FaultKind.RemoveSilo => StopGracefully(fault.Kind, site.Silos[fault.Target]),
        FaultKind.StopSilo => StopSilo(site.Silos[fault.Target], ct),
        _ => throw new InvalidOperationException($"nobody knows how to do {fault.Kind}"),
    };

    private async Task Kill(FaultKind kind, Member member, TimeSpan downFor, CancellationToken ct)
    {
        var at = Now;
        await member.Kill();
        Expect(member, member.ExitCodes[^1], ExitKilled, "kill -9");
        Note(new FaultDone(kind, member.Name, at, at, ""));
        await Task.Delay(downFor, ct);
        await Return(kind, member, ct);
    }

    private async Task Freeze(Member silo, CancellationToken ct)
    {
        var at = Now;
        silo.Freeze();
        Note(new FaultDone(FaultKind.FreezeSilo, silo.Name, at, at, ""));
        await Wake(FaultKind.FreezeSilo, silo, ct);
    }

    /// <summary>The server's answer to the rows of a commit is held, the silo frozen before it hears it: locks are taken, rows are written, and nobody goes on.</summary>
    private async Task FreezeInCommit(Member silo, CancellationToken ct)
    {
        var isFrozen = 0;
        void FreezeOnce()
        {
            if (Interlocked.Exchange(ref isFrozen, 1) == 0)
            {
                silo.Freeze();
            }
        }

        var met = site.LinkOf(silo).At(Sender.Server, FaultProxy.Says("INSERT 0 "), Moment.BeforePassing, FreezeOnce);
        await Task.WhenAny(met, Task.Delay(CommitWithin, ct));
        FreezeOnce();
        var at = Now;
        var open = await PostgresInstance.Run(
            site.Database,
            $"select string_agg(state || ' after ' || left(query, 40), '; ') from pg_stat_activity where application_name = '{silo.Name}' and backend_xid is not null");
        var note = open is string text ? $"its transaction: {text.ReplaceLineEndings(" ")}" : met.IsCompletedSuccessfully ? "frozen in a commit, which was over when we looked" : "it did not commit";
        Note(new FaultDone(FaultKind.FreezeInCommit, silo.Name, at, at, note) { IsMissed = open is not string && !met.IsCompletedSuccessfully });
        await Wake(FaultKind.FreezeInCommit, silo, ct);
    }

    private async Task Wake(FaultKind kind, Member silo, CancellationToken ct)
    {
        await Task.Delay(FrozenFor, ct);
        Expect(silo, await silo.Thaw(EndsAwakeWithin), ExitDeclaredDead, $"waking after {FrozenFor.TotalSeconds:0} s");
        await Return(kind, silo, ct);
    }

    private async Task Return(FaultKind kind, Member member, CancellationToken ct)
    {
        await member.Start(ct);
        var at = Now;
        Note(new FaultDone(kind, member.Name, at, at, "") { IsReturn = true, CalmFrom = at + SharedOutWithin.TotalSeconds });
    }

    private async Task StopPostgres(FaultKind kind, StopMode mode, CancellationToken ct)
    {
        var at = Now;
        await site.StopServer(mode);
        await Task.Delay(PostgresDownFor, ct);
        await site.StartServer();
        Note(new FaultDone(kind, "postgres", at, Now, ""));
    }

    private async Task CutLink(Member silo, CancellationToken ct)
    {
        var (at, link) = (Now, site.LinkOf(silo));
        link.Cut();
        await Task.Delay(CutFor, ct);
        link.Pass();
        Note(new FaultDone(FaultKind.CutLink, silo.Name, at, Now, ""));
    }

    private async Task SlowLink(Member silo, CancellationToken ct)
    {
        var (at, link) = (Now, site.LinkOf(silo));
        link.Delay(SlowEachWay);
        await Task.Delay(SlowFor, ct);
        link.Pass();
        Note(new FaultDone(FaultKind.SlowLink, silo.Name, at, Now, ""));
    }

    private async Task AddSilo(CancellationToken ct)
    {
        var (at, silo) = (Now, site.AddSilo());
        await silo.Start(ct);
        var served = Now;
        Note(new FaultDone(FaultKind.AddSilo, silo.Name, at, served, FormattableString.Invariant($"it served after {served - at:0.0} s")) { CalmFrom = served + SharedOutWithin.TotalSeconds });
    }

    private async Task StopSilo(Member silo, CancellationToken ct)
    {
        await StopGracefully(FaultKind.StopSilo, silo);
        await Return(FaultKind.StopSilo, silo, ct);
    }

    private async Task StopGracefully(FaultKind kind, Member silo)
    {
        var at = Now;
        Expect(silo, await silo.Stop(), 0, "SIGTERM");
        var ended = Now;
        Note(new FaultDone(kind, silo.Name, at, at, FormattableString.Invariant($"it ended after {ended - at:0.0} s")) { CalmFrom = ended });
    }

    private void Expect(Member member, int? code, int expected, string after)
    {
        if (code != expected)
        {
            verdict.AddOther($"{member.Name} ended with {(code is null ? "nothing, and was killed," : $"exit code {code}")} after {after}; expected {expected}; see {member.LogPath}");
        }
    }

    private void Note(FaultDone done)
    {
        lock (_done)
        {
            _done.Add(done);
        }

        Console.WriteLine(FormattableString.Invariant($"{done.StartedAt,6:0.0} s  {done.Name} {done.Target}  {done.Note}"));
    }
}
