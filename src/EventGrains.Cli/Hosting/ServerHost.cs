using System.Net;
using System.Net.Sockets;
using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Dashboard;
using Orleans.Runtime.MembershipService;
using Orleans.Serialization;
using EventGrains.Cli.Client;
using EventGrains.Cli.Output;
using EventGrains.Gateway;
using EventGrains.Rules;
using EventGrains.Silo.Cluster;
using EventGrains.Silo.Store;

namespace EventGrains.Cli.Hosting;

/// <param name="Greeting">What follows the URL on the ready line; may be empty.</param>
/// <param name="Transitions">Prints transitions while the server runs; null prints none.</param>
internal sealed record HostPlan(ServerSettings Settings, Definitions Definitions, string Greeting, DevLines? Transitions);

/// <summary>Hosts silo, gateway or both in this process until it is told to stop.</summary>
internal static class ServerHost
{
    /// <summary>How long a start may take until the server says it is ready: recovery of a large store included.</summary>
    private static readonly TimeSpan ReadyWithin = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan ReadyFirst = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan ReadyMax = TimeSpan.FromSeconds(1);

    /// <summary>Whoever waits longer is told why, as often.</summary>
    private static readonly TimeSpan ReadyTellAfter = TimeSpan.FromSeconds(5);

    /// <summary>How long intake, commits and connections may take to end.</summary>
    internal static readonly TimeSpan StopWithin = TimeSpan.FromSeconds(30);

    public static async Task<int> Run(Surroundings surroundings, HostPlan plan, CancellationToken stop)
    {
        using var listener = Listener.Bind(plan.Settings.Host);
        try
        {
            // What the user may have got wrong comes before the store is opened.
            var actions = ActionAssemblies.Load(surroundings, plan.Settings.Host.ActionAssemblies);
            plan.Settings.Gateway.Tokens = TokenFile.Read(surroundings, plan.Settings.Host.TokenFile);
            plan.Settings.Gateway.ListenAddress = listener.Name;
            await using var cluster = await ClusterParts.Open(surroundings, plan.Settings, stop);
            await using var app = Build(surroundings, plan, listener, actions, cluster);
            await app.StartAsync(stop);
            try
            {
                await Ready(surroundings, listener, stop);
                surroundings.Output.WriteLine($"ready  {listener.Url}{plan.Greeting}");
                await Serve(surroundings, plan, listener, stop);
            }
            finally
            {
                // Kestrel was started last and stops first: no more intake, then the silo commits what it took.
                await app.StopAsync(CancellationToken.None);
            }

            return ExitCode.Ok;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return ExitCode.Ok;
        }
        catch (Exception e) when (Explain(e, listener.EndPoint.Port) is { } failure)
        {
            throw failure;
        }
    }

    /// <summary>The program's table of contents.</summary>
    private static WebApplication Build(Surroundings surroundings, HostPlan plan, Listener listener, IReadOnlyList<Assembly> actions, ClusterParts cluster)
    {
        var settings = plan.Settings;
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.Sources.Clear();
        builder.Logging.AddServerLogs(settings.Host);
        builder.Services.AddSingleton<IHostLifetime, SignalsElsewhere>();
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = StopWithin);
        builder.Services.Configure<SocketTransportOptions>(o => o.CreateBoundListenSocket = _ => listener.Socket);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(listener.EndPoint);
        });

        builder.Services.AddSerializer(serializer =>
        {
            foreach (var assembly in actions)
            {
                serializer.AddAssembly(assembly);
            }
        });
        cluster.Join(builder, settings, plan.Definitions);
        if (settings.Host.Role == Role.Silo)
        {
            builder.Services.AddHealth(settings.Gateway);
        }
        else
        {
            builder.Services.AddGateway(settings.Gateway);
        }

        builder.Services.AddServerTelemetry(surroundings);

        var app = builder.Build();
        _ = settings.Host.Role == Role.Silo ? app.MapHealth() : app.MapGateway();
        app.MapServerTelemetry();
        if (settings.Host.Dashboard)
        {
            // Below the gatekeeper, as everything: it asks for a token where tokens are set.
            app.MapOrleansDashboard("/dashboard");
        }

        return app;
    }

    private static async Task Ready(Surroundings surroundings, Listener listener, CancellationToken stop)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(stop);
        deadline.CancelAfter(ReadyWithin);
        var wait = new Backoff(ReadyFirst, ReadyMax);
        var reason = "it does not answer";
        var tellAt = surroundings.Time.GetUtcNow() + ReadyTellAfter;
        try
        {
            for (; ; await Task.Delay(wait.Next(), deadline.Token))
            {
                using var answer = await http.GetAsync(new Uri($"{listener.Url}/healthz/ready"), deadline.Token);
                if (answer.StatusCode == HttpStatusCode.OK)
                {
                    return;
                }

                reason = JsonText.TextIn(await answer.Content.ReadAsStringAsync(deadline.Token), "reason") ?? $"it answers {answer.StatusCode}";
                if (surroundings.Time.GetUtcNow() >= tellAt)
                {
                    surroundings.Error.WriteLine($"Not ready yet: {reason}");
                    tellAt = surroundings.Time.GetUtcNow() + ReadyTellAfter;
                }
            }
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw new VerbFailure(ExitCode.Failed, $"The server is not ready after {ReadyWithin.TotalMinutes:0} minutes: {reason}");
        }
    }

    private static async Task Serve(Surroundings surroundings, HostPlan plan, Listener listener, CancellationToken stop)
    {
        try
        {
            if (plan.Transitions is { } lines)
            {
                await lines.Follow(new Uri(listener.Url), plan.Settings.Gateway.Tokens.FirstOrDefault(), stop);
            }
        }
        catch (VerbFailure e)
        {
            // The lines are for the person who watches; the server serves on without them.
            surroundings.Error.WriteLine($"Transitions are no longer printed here: {e.Message}");
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return;
        }

        await Task.Delay(Timeout.Infinite, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>What a failed start means to the user; null for what we cannot explain.</summary>
    internal static VerbFailure? Explain(Exception e, int port)
    {
        for (var cause = e; cause is not null; cause = cause.InnerException)
        {
            switch (cause)
            {
                case VerbFailure failure:
                    return failure;
                case StoreUnusableException unusable:
                    return new VerbFailure(unusable.IsAway ? ExitCode.StoreAway : ExitCode.DataDirectory, cause.Message, e);
                case OrleansClusterConnectivityCheckFailedException:
                    return new VerbFailure(ExitCode.Failed, SiloEnd.NotJoined(cause.Message), e);
                case AddressInUseException or SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse }:
                    return Listener.InUse(port, e);
            }
        }

        return (e as AggregateException)?.InnerExceptions.Select(i => Explain(i, port)).FirstOrDefault(f => f is not null);
    }

    /// <summary>The program handles its signals itself; the host's own handler would end it behind our back.</summary>
    private sealed class SignalsElsewhere : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
