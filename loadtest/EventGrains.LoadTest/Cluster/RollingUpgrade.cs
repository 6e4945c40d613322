using System.Diagnostics;
using EventGrains.LoadTest.Oracle;
using EventGrains.LoadTest.Product;

namespace EventGrains.LoadTest.Cluster;

/// <summary>One member that was told to stop and started again, in seconds after the start of the load.</summary>
/// <param name="IsBack">It was started as the older product again.</param>
/// <param name="StoppedAt">SIGTERM.</param>
/// <param name="ServedAt">When it was ready again.</param>
/// <param name="StalledSeconds">For how much of the time until the next one somebody had waited for an event for more than a second.</param>
internal sealed record Replacement(string Member, bool IsGateway, bool IsBack, double StoppedAt, double EndedAt, double ServedAt, double StalledSeconds = 0);

/// <param name="SchemaBefore">Of the store, as the older product says.</param>
/// <param name="SideBySide">Of the questions, those whose answer shows shards of both.</param>
/// <param name="ClientErrors">That clients had to expect, of connections with the gateway that was being replaced. Others are findings.</param>
internal sealed record UpgradeResult(int SchemaBefore, int SchemaAfter, int Questions, int SideBySide, int ClientErrors, IReadOnlyList<Replacement> Replacements);

/// <summary>A cluster of an older product becomes one of a newer, member by member, under load.</summary>
/// <remarks>
/// Silos first, for a newer gateway may ask what an older silo does not know. Then the first silo goes back once, and forward again: so the
/// newer product, too, hands its shards over under load, the older one starts on what the newer left, and newer gateways meet it.
/// </remarks>
internal sealed class RollingUpgrade(Site site, IReadOnlyList<ServerClient> clients, ProductFiles older, ProductFiles newer, RunClock clock, Verdict verdict)
{
    /// <summary>The product's own promise.</summary>
    private const int GraceSeconds = 30;

    private static readonly TimeSpan BeforeFirst = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(2);

    private readonly List<Replacement> _done = [];

    private readonly Questions _questions = new(clients, verdict);
    private int _schemaBefore;

    /// <summary>Returns when every member is of the newer product and serves.</summary>
    public async Task Run(CancellationToken ct)
    {
        _schemaBefore = (await clients[0].Status(ct)).Store.Schema;
        var replacing = ReplaceAll(ct);
        await Task.WhenAll(replacing, _questions.Run(replacing, ct));
    }

    /// <summary>What is left to look at when all has come to rest, and what comes of it.</summary>
    /// <param name="end">Of the load.</param>
    public async Task<UpgradeResult> Conclude(ClientErrors errors, IEnumerable<Sample> samples, double end, CancellationToken ct)
    {
        var status = await clients[0].Status(ct);
        foreach (var owner in status.Owners.Where(o => o.Since is null))
        {
            verdict.AddOther($"shard {owner.Shard} of {owner.Silo} in epoch {owner.Epoch} does not say since when; every silo is of the newer release, which notes it");
        }

        var stalls = Healing.Stalls(samples);
        return new UpgradeResult(
            _schemaBefore, status.Store.Schema, _questions.Answered, _questions.SideBySide, errors.CountExpected(_done, verdict),
            [.. _done.Select((r, n) => r with { StalledSeconds = Healing.StalledSeconds(stalls, r.StoppedAt, n + 1 < _done.Count ? _done[n + 1].StoppedAt : end) })]);
    }

    private async Task ReplaceAll(CancellationToken ct)
    {
        await Task.Delay(BeforeFirst, ct);
        try
        {
            foreach (var member in site.Silos.Concat(site.Gateways))
            {
                await Replace(member, newer, ct);
            }

            await Replace(site.Silos[0], older, ct);
            await Replace(site.Silos[0], newer, ct);
        }
        catch (ProductException e)
        {
            verdict.AddOther($"the upgrade ended: {e.Message}");
        }
    }

    private async Task Replace(Member member, ProductFiles product, CancellationToken ct)
    {
        var stopping = Stopwatch.GetTimestamp();
        var code = await member.Stop();
        var ended = Stopwatch.GetTimestamp();
        if (code != 0 || Stopwatch.GetElapsedTime(stopping, ended).TotalSeconds > GraceSeconds)
        {
            verdict.AddOther(FormattableString.Invariant(
                $"{member.Name} ended with {(code is null ? "nothing, and was killed," : $"exit code {code}")} {Stopwatch.GetElapsedTime(stopping, ended).TotalSeconds:0.0} s after SIGTERM; expected 0 within {GraceSeconds} s; see {member.LogPath}"));
        }

        member.Become(product);
        await member.Start(ct);
        var done = new Replacement(member.Name, site.Gateways.Contains(member), product == older, clock.Of(stopping), clock.Of(ended), clock.Now);
        _done.Add(done);
        Console.WriteLine(FormattableString.Invariant(
            $"{done.StoppedAt,6:0.0} s  {done.Member} ended after {done.EndedAt - done.StoppedAt:0.0} s, served again{(done.IsBack ? " as the older" : "")} after {done.ServedAt - done.StoppedAt:0.0} s"));
        await Task.Delay(Between, ct);
    }
}
