using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using EventGrains.Contracts;
using EventGrains.Contracts.Datasets;
using EventGrains.Contracts.Files;
using EventGrains.Contracts.Shards;
using EventGrains.Contracts.Sources;
using EventGrains.Contracts.Status;
using EventGrains.Contracts.Transitions;
using EventGrains.Events;
using EventGrains.Gateway;
using EventGrains.Rules;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans;

namespace EventGrains.Tests.Gateway;

/// <summary>The real gateway on a free port of this machine, over grains that the test holds in its hand.</summary>
public sealed class GatewayHost : IAsyncDisposable
{
    private readonly WebApplication app;

    private GatewayHost(WebApplication app)
    {
        this.app = app;
        Client = new HttpClient { BaseAddress = new Uri(app.Urls.First()), Timeout = TimeSpan.FromSeconds(30) };
    }

    public HttpClient Client { get; }

    public FakeShards Shards { get; private init; } = null!;

    public FakeLog Log { get; private init; } = null!;

    public FakeKnowledge Known { get; private init; } = null!;

    public FakeGrains Grains { get; private init; } = null!;

    public static Definitions Declared { get; } = Definitions.Empty with
    {
        Storages = [new StorageDefinition("lab", "/data/lab", StorageRole.Origin), new StorageDefinition("mirror", "/data/mirror", StorageRole.Replica)],
        Sources =
        [
            new SourceDefinition("lab", SourceType.Http, "words", "lab"),
            new SourceDefinition("tail", SourceType.Log, "words", "lab", "/var/log/*.json"),
        ],
    };

    public static async Task<GatewayHost> Start(Action<GatewaySettings>? set = null, TimeProvider? time = null, Action<IServiceCollection>? more = null)
    {
        var settings = new GatewaySettings();
        set?.Invoke(settings);
        var (shards, log, known) = (new FakeShards(), new FakeLog(), new FakeKnowledge());
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var grains = Served(shards, log, known);
        builder.Services.AddSingleton<IGrainFactory>(grains);
        builder.Services.AddSingleton(Declared);
        builder.Services.AddSingleton(new ClusterShape(4));
        builder.Services.AddSingleton<IReadOnlyDictionary<string, IEventDecoder>>(new Dictionary<string, IEventDecoder>
        {
            ["words"] = new FakeDecoder(),
            ["cloudevents"] = new FakeDecoder("cloudevents"),
        });
        if (time is not null)
        {
            builder.Services.AddSingleton(time);
        }

        more?.Invoke(builder.Services);
        builder.Services.AddGateway(settings);
        var app = builder.Build();
        app.MapGateway();
        await app.StartAsync();
        return new GatewayHost(app) { Shards = shards, Log = log, Known = known, Grains = grains };
    }

    public T Service<T>()
        where T : notnull => app.Services.GetRequiredService<T>();

    public async Task<(HttpStatusCode Status, JsonElement Body, HttpResponseHeaders Headers)> Get(string path) =>
        await Read(await Client.GetAsync(path));

    public async Task<(HttpStatusCode Status, JsonElement Body, HttpResponseHeaders Headers)> Post(string path, string body, string? type = "application/x-ndjson")
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        if (type is not null)
        {
            content.Headers.TryAddWithoutValidation("Content-Type", type);
        }

        return await Read(await Client.PostAsync(path, content));
    }

    public static async Task<(HttpStatusCode Status, JsonElement Body, HttpResponseHeaders Headers)> Read(HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync();
        return (response.StatusCode, text.Length == 0 ? default : JsonDocument.Parse(text).RootElement, response.Headers);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await app.DisposeAsync();
    }

    private static FakeGrains Served(FakeShards shards, FakeLog log, FakeKnowledge known)
    {
        var grains = new FakeGrains();
        grains.Serve<IFileShardGrain>(shards.Shard);
        grains.Serve<ITransitionLogGrain>(_ => log);
        grains.Serve<IFileListGrain>(_ => known);
        grains.Serve<IDatasetListGrain>(_ => known);
        grains.Serve<IDeadLettersGrain>(_ => known);
        grains.Serve<IParkedDeliveriesGrain>(_ => known.Parked);
        grains.Serve<IStatusGrain>(_ => known);
        grains.Serve(known.File);
        grains.Serve(known.Dataset);
        grains.Serve(known.Source);
        return grains;
    }
}
