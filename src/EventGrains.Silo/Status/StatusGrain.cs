using System.Collections.Immutable;
using System.Reflection;
using EventGrains.Contracts.Rules;
using EventGrains.Contracts.Status;
using EventGrains.Rules;
using EventGrains.Silo.Cluster;
using EventGrains.Silo.Rules;
using EventGrains.Silo.Store;
using Orleans.Concurrency;
using Orleans.Runtime;

namespace EventGrains.Silo.Status;

/// <summary>Gathers what an operator asks first. Answers also while the store is away: then it is asked most.</summary>
[StatelessWorker, Reentrant]
internal sealed class StatusGrain(
    IStore store, StoreLook look, SiloLooks silos, Troubles troubles, Rulebook rules, IClusterMembershipService membership, TimeProvider time) : Grain, IStatusGrain
{
    /// <summary>A budget on a silo that stands still is not waited for: readiness is asked here as well, and must not end with that silo.</summary>
    private static readonly TimeSpan BudgetWithin = TimeSpan.FromMilliseconds(700);

    private static readonly string Version =
        typeof(StatusGrain).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    public async Task<StatusView> Get()
    {
        var asked = silos.All();
        var (figures, away) = await look.Read();
        var looks = await asked;
        var owners = away is null ? [.. await store.ReadShards()] : ImmutableArray<ShardOwner>.Empty;
        var views = ImmutableArray.CreateBuilder<RuleView>();
        var unhealthy = SiloLook.Join(looks).ToImmutableArray().ToBuilder();
        if (away is not null && unhealthy.All(t => t.What != Troubles.Store))
        {
            unhealthy.Insert(0, new Trouble(Troubles.Store, away, store.Remedy));
        }

        // Ready is who is asked: another silo that cannot reach the store takes no gateway out.
        var ready = away is null && troubles.Now.All(t => t.What != Troubles.Store);

        // Their grains may have to load what they granted; while that cannot be, nothing fires either.
        var budgets = await Task.WhenAll(rules.Rules.Select(rule => away is not null ? Task.FromResult<long?>(0) : Fired(rule.Name)));
        foreach (var (rule, known) in rules.Rules.Zip(budgets))
        {
            var held = looks.Sum(l => l.Look?.Held.GetValueOrDefault(rule.Name) ?? 0);
            views.Add(new RuleView(rule.Name, rule.Generation, rule.FilesPerHourMax, known ?? 0, held, RuleSpecs.Write(rule)));
            if (known is null)
            {
                unhealthy.Add(new Trouble($"rule {rule.Name}", "how often it fired in the last hour cannot be told: who counts it does not answer", "ask again in a few seconds"));
            }

            if (held > 0)
            {
                unhealthy.Add(new Trouble(
                    $"rule {rule.Name}", $"it is at its bound of {rule.FilesPerHourMax} files per hour; {held} steps wait", "raise filesPerHourMax if that many are meant"));
            }
        }

        return new StatusView(Version, ready, figures.View, store.Shards, figures.Files, views.DrainToImmutable(), unhealthy.ToImmutable(), SilosOf(owners), owners);
    }

    /// <summary>Null: it did not answer in time.</summary>
    private async Task<long?> Fired(string rule)
    {
        try
        {
            var asked = GrainFactory.GetGrain<IRuleBudgetGrain>($"rule:{rule}").CountLastHour();
            asked.Ignore();
            return await asked.WaitAsync(BudgetWithin, time);
        }
        catch (Exception)
        {
            return null;
        }
    }

    private ImmutableArray<SiloView> SilosOf(ImmutableArray<ShardOwner> owners) =>
    [
        .. membership.CurrentSnapshot.Members.Values.Where(m => m.Status != SiloStatus.Dead).OrderBy(m => m.Name, StringComparer.Ordinal).Select(m => new SiloView(
            m.Name, m.SiloAddress.ToParsableString(), SiloStates.Word(m.Status), owners.Count(o => o.Silo is null || o.Silo == m.Name))),
    ];
}
