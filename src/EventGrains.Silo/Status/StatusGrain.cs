using System.Collections.Immutable;
using System.Reflection;
using EventGrains.Contracts.Rules;
using EventGrains.Contracts.Status;
using EventGrains.Rules;
using EventGrains.Silo.Dispatch;
using EventGrains.Silo.Rules;
using EventGrains.Silo.Store;
using Orleans.Concurrency;

namespace EventGrains.Silo.Status;

/// <summary>Gathers what an operator asks first.</summary>
[StatelessWorker, Reentrant]
internal sealed class StatusGrain(IStore store, Rulebook rules, Dispatcher dispatcher, Troubles troubles) : Grain, IStatusGrain
{
    private static readonly string Version =
        typeof(StatusGrain).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    public async Task<StatusView> Get()
    {
        var figures = await store.ReadFigures();
        var views = ImmutableArray.CreateBuilder<RuleView>();
        var unhealthy = troubles.Now.ToBuilder();
        foreach (var rule in rules.Rules)
        {
            var held = dispatcher.CountHeld(rule.Name);
            var fired = await GrainFactory.GetGrain<IRuleBudgetGrain>($"rule:{rule.Name}").CountLastHour();
            views.Add(new RuleView(rule.Name, rule.Generation, rule.FilesPerHourMax, fired, held, RuleSpecs.Write(rule)));
            if (held > 0)
            {
                unhealthy.Add(new Trouble(
                    $"rule {rule.Name}", $"it is at its bound of {rule.FilesPerHourMax} files per hour; {held} steps wait", "raise filesPerHourMax if that many are meant"));
            }
        }

        return new StatusView(Version, true, figures.View, store.Shards, figures.Files, views.DrainToImmutable(), unhealthy.ToImmutable());
    }
}
