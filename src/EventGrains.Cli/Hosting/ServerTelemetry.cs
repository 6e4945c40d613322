using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using EventGrains.Contracts;

namespace EventGrains.Cli.Hosting;

/// <summary>Metrics at <c>/metrics</c>; metrics and traces also to a collector when the environment names one.</summary>
internal static class ServerTelemetry
{
    /// <summary>OpenTelemetry's own variable; without it nothing is sent anywhere and no span is recorded.</summary>
    private const string Collector = "OTEL_EXPORTER_OTLP_ENDPOINT";

    public static void AddServerTelemetry(this IServiceCollection services, Surroundings surroundings)
    {
        var toCollector = surroundings.Variable(Collector) is not null;
        var telemetry = services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService("eventgrains", serviceVersion: ProgramVersion.Version))
            .WithMetrics(metrics =>
            {
                // System.Runtime is what .NET says of its own heap, collections and thread pool.
                metrics.AddMeter(Telemetry.Name, "Microsoft.Orleans", "System.Runtime").AddPrometheusExporter();
                _ = toCollector ? metrics.AddOtlpExporter() : metrics;
            });
        if (toCollector)
        {
            telemetry.WithTracing(traces => traces.AddSource(Telemetry.Name).AddOtlpExporter());
        }
    }

    public static void MapServerTelemetry(this WebApplication app) => app.MapPrometheusScrapingEndpoint("/metrics");
}
