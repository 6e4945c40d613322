using EventGrains.Silo.Cluster;
using EventGrains.Silo.Sources.Directories;
using EventGrains.Silo.Status;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace EventGrains.Silo.Sources;

public static class SourceHosting
{
    /// <summary>Where events come from: log files, directories, HTTP. Needs definitions, decoders, settings and the store among the services.</summary>
    public static ISiloBuilder AddSources(this ISiloBuilder builder)
    {
        var services = builder.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(s => new ClusterTime(s.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<Troubles>();
        services.AddSingleton<IShardCalls, ShardCalls>();
        services.TryAddSingleton<ICopySightings, AliasedCopies>();
        services.AddSingleton<SilosThatSee>();
        services.AddSingleton<SourceParts>();
        services.AddSingleton<EvenKeeper>();
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(s => s.GetRequiredService<EvenKeeper>());
        builder.AddPlacementDirector<EvenPlacement, EvenPlacementDirector>();
        services.AddSingleton<SourceSupervisor>();
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(s => s.GetRequiredService<SourceSupervisor>());
        return builder;
    }
}
