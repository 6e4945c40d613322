using System.Net;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using EventGrains.Gateway;
using EventGrains.Rules;
using EventGrains.Silo;
using EventGrains.Silo.Store;

namespace EventGrains.Cli.Hosting;

/// <summary>Stands in for the silo's and the gateway's own entry points; goes when they are here.</summary>
internal static class Placeholders
{
    public const int StoreSchema = 1;

    public static Task<IStore> OpenStore(SiloSettings settings, CancellationToken ct) => Task.FromResult<IStore>(null!);

    public static ISiloBuilder AddEventGrains(this ISiloBuilder silo, SiloSettings settings, Definitions definitions, IStore store) =>
        silo.UseLocalhostClustering(siloPort: FreePort(), gatewayPort: FreePort());

    private static readonly ConditionalWeakTable<GatewaySettings, IReadOnlyCollection<string>> TokensOf = [];

    extension(GatewaySettings settings)
    {
        public IReadOnlyCollection<string> Tokens
        {
            get => TokensOf.TryGetValue(settings, out var tokens) ? tokens : [];
            set => TokensOf.AddOrUpdate(settings, value);
        }

        public string ListenAddress
        {
            set => _ = (settings, value);
        }
    }

    public static IServiceCollection AddGateway(this IServiceCollection services, GatewaySettings settings) => services;

    public static void MapGateway(this WebApplication app) => app.MapGet("/healthz/ready", () => Results.Ok());

    private static int FreePort()
    {
        using var socket = new System.Net.Sockets.Socket(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
