using EventGrains.Silo.Actions.Commands;
using EventGrains.Silo.Actions.Copying;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EventGrains.Silo.Actions;

/// <summary>What the actions <c>replicate</c> and <c>run</c> need beside the grains, which Orleans finds by itself.</summary>
public static class ActionServices
{
    /// <summary>Expects <see cref="SiloSettings"/>, <see cref="Rules.Definitions"/> and <see cref="TimeProvider"/> among the services.</summary>
    public static IServiceCollection AddActions(this IServiceCollection services)
    {
        services.AddSingleton(provider => new WorkingDirectories(
            provider.GetRequiredService<SiloSettings>().DataDirectory,
            provider.GetRequiredService<ILogger<WorkingDirectories>>()));
        services.AddSingleton<ActionStarts>();
        services.AddSingleton<CommandWatchdog>();
        services.AddHostedService(provider => provider.GetRequiredService<CommandWatchdog>());
        services.AddHostedService<PartSweeper>();
        return services;
    }
}
