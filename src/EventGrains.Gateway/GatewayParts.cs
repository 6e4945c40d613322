using EventGrains.Contracts;
using EventGrains.Events;
using EventGrains.Gateway.Datasets;
using EventGrains.Gateway.Events;
using EventGrains.Gateway.Files;
using EventGrains.Gateway.Http;
using EventGrains.Gateway.Page;
using EventGrains.Gateway.Security;
using EventGrains.Gateway.Sources;
using EventGrains.Gateway.Status;
using EventGrains.Gateway.Transitions;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace EventGrains.Gateway;

/// <summary>The gateway: HTTP, server-sent events and the page, over grains.</summary>
public static class GatewayParts
{
    /// <summary>Adds the gateway's services. Needs from the host: <c>IGrainFactory</c>, <c>Definitions</c>, <c>ClusterShape</c>, and the decoders by format.</summary>
    public static IServiceCollection AddGateway(this IServiceCollection services, GatewaySettings settings)
    {
        services.AddHealth(settings);
        services.TryAddSingleton<IReadOnlyDictionary<string, IEventDecoder>>(EventDecoders.All.ToDictionary(decoder => decoder.Format));
        services.AddSingleton<EventIntake>();
        services.AddSingleton<Questions>();
        services.AddSingleton<FileLookup>();
        services.AddSingleton<TransitionTail>();
        services.AddHostedService(provider => provider.GetRequiredService<TransitionTail>());
        services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        services.AddOpenApi("v1", document => document.AddDocumentTransformer((description, _, _) =>
        {
            description.Info.Title = "EventGrains";
            description.Info.Description = "Events in, what is known of each file out. Errors are problem+json with `title`, `detail` and `remedy`.";
            description.Servers = [];
            return Task.CompletedTask;
        }));
        return services;
    }

    /// <summary>For a gateway whose silos are elsewhere: it learns from them what they are.</summary>
    public static IServiceCollection AddFarCluster(this IServiceCollection services)
    {
        services.AddSingleton(ClusterShape.Unknown());
        services.AddSingleton<ClusterLook>();
        services.AddHostedService(provider => provider.GetRequiredService<ClusterLook>());
        return services;
    }

    /// <summary>What a process that is a silo alone answers to an orchestrator. Needs from the host: <c>IGrainFactory</c>, <c>ClusterShape</c>.</summary>
    public static IServiceCollection AddHealth(this IServiceCollection services, GatewaySettings settings)
    {
        services.AddSingleton(settings);
        services.TryAddSingleton(TimeProvider.System);
        services.ConfigureHttpJsonOptions(json => WireJson.Configured(json.SerializerOptions));
        return services;
    }

    public static WebApplication MapHealth(this WebApplication app)
    {
        app.UseMiddleware<Problems>();
        app.UseMiddleware<Gatekeeper>();
        app.UseRouting();
        StatusEndpoints.MapHealth(app);
        return app;
    }

    /// <summary>Maps all that the gateway serves. Call it once, before anything else that answers requests.</summary>
    public static WebApplication MapGateway(this WebApplication app)
    {
        app.UseMiddleware<Problems>();
        app.UseMiddleware<Gatekeeper>();
        app.UseRouting();
        var patient = app.MapGroup("").AddEndpointFilter(Patience.Filter);
        EventsEndpoints.Map(patient);
        FilesEndpoints.Map(patient);
        DatasetsEndpoints.Map(patient);
        SourcesEndpoints.Map(patient);
        TransitionsEndpoints.Map(patient);
        ParkedEndpoints.Map(patient);
        StatusEndpoints.Map(patient);
        StatusEndpoints.MapHealth(app);
        PageEndpoints.Map(app);
        app.MapOpenApi("/openapi/{documentName}.json");
        return app;
    }
}
