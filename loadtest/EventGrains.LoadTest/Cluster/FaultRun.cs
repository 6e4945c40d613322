using EventGrains.LoadTest.Oracle;
using EventGrains.LoadTest.Product;
using EventGrains.Tests.Faults;
using EventGrains.Tests.Postgres;

namespace EventGrains.LoadTest.Cluster;

/// <summary>What was done, in seconds after the start of the load.</summary>
/// <param name="HealFrom">From when healing counts: the start, or the end of the outage where nobody can serve meanwhile.</param>
internal sealed record FaultDone(FaultKind Kind, string Target, double StartedAt, double HealFrom, string Note);

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
        FaultKind.RemoveSilo => RemoveSilo(site.Silos[fault.Target]),
        FaultKind.StopSilo => StopSilo(site.Silos[fault.Target], ct),
        _ => throw new InvalidOperationException($"nobody knows how to do {fault.Kind}"),
    };

    private async Task Kill(FaultKind kind, Member member, TimeSpan downFor, CancellationToken ct)
    {
        var at = Now;
        await member.Kill();
        Expect(member, member.ExitCodes[^1], ExitKilled, "kill -9");
        Note(kind, member.Name, at, at, "");
        await Task.Delay(downFor, ct);
        await member.Start(ct);
    }

    private async Task Freeze(Member silo, CancellationToken ct)
    {
        var at = Now;
        silo.Freeze();
        Note(FaultKind.FreezeSilo, silo.Name, at, at, "");
        await Wake(silo, ct);
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
        Note(FaultKind.FreezeInCommit, silo.Name, at, at, open is string text ? $"its transaction: {text.ReplaceLineEndings(" ")}" : met.IsCompletedSuccessfully ? "frozen in a commit, which was over when we looked" : "it did not commit");
        await Wake(silo, ct);
    }

    private async Task Wake(Member silo, CancellationToken ct)
    {
        await Task.Delay(FrozenFor, ct);
        Expect(silo, await silo.Thaw(EndsAwakeWithin), ExitDeclaredDead, $"waking after {FrozenFor.TotalSeconds:0} s");
        await silo.Start(ct);
    }

    private async Task StopPostgres(FaultKind kind, StopMode mode, CancellationToken ct)
    {
        var at = Now;
        await site.StopServer(mode);
        await Task.Delay(PostgresDownFor, ct);
        await site.StartServer();
        Note(kind, "postgres", at, Now, "");
    }

    private async Task CutLink(Member silo, CancellationToken ct)
    {
        var (at, link) = (Now, site.LinkOf(silo));
        link.Cut();
        await Task.Delay(CutFor, ct);
        link.Pass();
        Note(FaultKind.CutLink, silo.Name, at, Now, "");
    }

    private async Task SlowLink(Member silo, CancellationToken ct)
    {
        var (at, link) = (Now, site.LinkOf(silo));
        link.Delay(SlowEachWay);
        await Task.Delay(SlowFor, ct);
        link.Pass();
        Note(FaultKind.SlowLink, silo.Name, at, Now, "");
    }

    private async Task AddSilo(CancellationToken ct)
    {
        var (at, silo) = (Now, site.AddSilo());
        await silo.Start(ct);
        Note(FaultKind.AddSilo, silo.Name, at, at, FormattableString.Invariant($"it served after {Now - at:0.0} s"));
    }

    private async Task RemoveSilo(Member silo)
    {
        var at = Now;
        Expect(silo, await silo.Stop(), 0, "SIGTERM");
        Note(FaultKind.RemoveSilo, silo.Name, at, at, FormattableString.Invariant($"it ended after {Now - at:0.0} s"));
    }

    private async Task StopSilo(Member silo, CancellationToken ct)
    {
        var at = Now;
        Expect(silo, await silo.Stop(), 0, "SIGTERM");
        Note(FaultKind.StopSilo, silo.Name, at, at, FormattableString.Invariant($"it ended after {Now - at:0.0} s"));
        await silo.Start(ct);
    }

    private void Expect(Member member, int? code, int expected, string after)
    {
        if (code != expected)
        {
            verdict.AddOther($"{member.Name} ended with {(code is null ? "nothing, and was killed," : $"exit code {code}")} after {after}; expected {expected}; see {member.LogPath}");
        }
    }

    private void Note(FaultKind kind, string target, double at, double healFrom, string note)
    {
        lock (_done)
        {
            _done.Add(new FaultDone(kind, target, at, healFrom, note));
        }

        Console.WriteLine(FormattableString.Invariant($"{at,6:0.0} s  {kind} {target}  {note}"));
    }
}
