using EventGrains.Contracts;
using EventGrains.Events;
using EventGrains.Rules;
using EventGrains.Silo.Actions;
using EventGrains.Silo.Cluster;
using EventGrains.Silo.Commit;
using EventGrains.Silo.Dispatch;
using EventGrains.Silo.Rules;
using EventGrains.Silo.Shards;
using EventGrains.Silo.Sources;
using EventGrains.Silo.Status;
using EventGrains.Silo.Store;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Hosting;
using Orleans.Runtime;

namespace EventGrains.Silo;

/// <summary>What a silo is made of; read it as the table of contents.</summary>
public static class SiloParts
{
    /// <param name="store">The opened store; the silo closes it when it stops.</param>
    public static ISiloBuilder AddEventGrains(this ISiloBuilder silo, SiloSettings settings, Definitions definitions, IStore store)
    {
        silo.Services.TryAddSingleton(TimeProvider.System);
        silo.Services.TryAddSingleton(services => new ClusterTime(services.GetRequiredService<TimeProvider>()));
        silo.Services.AddCrossingExceptions();
        silo.Services.AddSingleton(settings);
        silo.Services.AddSingleton(definitions);
        silo.Services.AddSingleton(new Rulebook(definitions));
        silo.Services.AddSingleton(new ClusterShape(store.Shards));

        silo.Services.AddSingleton(store);             // where all is kept
        silo.Services.AddSingleton<Troubles>();
        silo.Services.AddSingleton<StoreLook>();
        silo.AddGrainService<SiloLookService>();       // how this silo is, for all others
        silo.Services.AddSingleton<SiloLooks>();
        silo.Services.AddSingleton(CommitFeed.Of(store)); // who waits at the end of the log
        silo.Services.AddSingleton<TransitionCounter>();
        silo.Services.AddSingleton<Committer>();       // one durable commit for all shards
        silo.Services.AddHostedService<LogRetention>();
        silo.Services.AddSingleton<ShardFigures>();
        silo.Services.AddSingleton<RuleBudgets>();
        silo.Services.AddSingleton<Dispatcher>();      // what a commit wants done
        silo.Services.AddSingleton<RuleSpecs>();
        silo.Services.AddActions();                    // copy, run
        silo.AddGrainService<ActionsService>();        // and for files whose silo does not see what they work on
        silo.Services.AddSingleton<IEnumerable<IEventDecoder>>(EventDecoders.All);
        silo.AddSources();                             // where events come from
        silo.Services.AddSingleton<ShardMap>();        // where shards are, and belong
        silo.Services.AddSingleton<ShardKeeper>();
        silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, CallsToTheDead>();
        silo.AddPlacementDirector<ShardPlacement, ShardPlacementDirector>();
        silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, SiloStart>();
        return silo;
    }
}
