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
    IStore store, StoreLook look, SiloLooks silos, Troubles troubles, Rulebook rules, IClusterMembershipService membership) : Grain, IStatusGrain
{
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
        foreach (var rule in rules.Rules)
        {
            var held = looks.Sum(l => l.Look?.Held.GetValueOrDefault(rule.Name) ?? 0);

            // Its grain may have to load what it granted; while that cannot be, nothing fires either.
            var fired = away is not null ? 0 : await GrainFactory.GetGrain<IRuleBudgetGrain>($"rule:{rule.Name}").CountLastHour();
            views.Add(new RuleView(rule.Name, rule.Generation, rule.FilesPerHourMax, fired, held, RuleSpecs.Write(rule)));
            if (held > 0)
            {
                unhealthy.Add(new Trouble(
                    $"rule {rule.Name}", $"it is at its bound of {rule.FilesPerHourMax} files per hour; {held} steps wait", "raise filesPerHourMax if that many are meant"));
            }
        }

        return new StatusView(Version, ready, figures.View, store.Shards, figures.Files, views.DrainToImmutable(), unhealthy.ToImmutable(), SilosOf(owners), owners);
    }

    private ImmutableArray<SiloView> SilosOf(ImmutableArray<ShardOwner> owners) =>
    [
        .. membership.CurrentSnapshot.Members.Values.Where(m => m.Status != SiloStatus.Dead).OrderBy(m => m.Name, StringComparer.Ordinal).Select(m => new SiloView(
            m.Name, m.SiloAddress.ToParsableString(), SiloStates.Word(m.Status), owners.Count(o => o.Silo is null || o.Silo == m.Name))),
    ];
}
