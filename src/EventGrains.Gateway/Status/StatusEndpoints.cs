using System.Text.Json;
using EventGrains.Contracts;
using EventGrains.Contracts.Status;
using EventGrains.Gateway.Datasets;
using EventGrains.Gateway.Http;
using EventGrains.Gateway.Sources;
using EventGrains.Rules;
using Microsoft.AspNetCore.Http.HttpResults;

namespace EventGrains.Gateway.Status;

/// <param name="Datasets">The first hundred, by name.</param>
/// <param name="DatasetsNext">Not null when there are more: give it to <c>GET /v1/datasets</c> as <c>after</c>.</param>
internal sealed record StatusJson(
    string Version,
    bool Ready,
    StoreView Store,
    int Shards,
    long Files,
    IReadOnlyList<SourceJson> Sources,
    IReadOnlyList<DatasetView> Datasets,
    string? DatasetsNext,
    IReadOnlyList<RuleJson> Rules,
    IReadOnlyList<Trouble> Unhealthy,
    IReadOnlyList<SiloView> Silos,
    IReadOnlyList<ShardOwner> Owners);

/// <param name="Held">Steps that wait because the rule is at its bound.</param>
internal sealed record RuleJson(string Name, string Generation, int FilesPerHourMax, long FiredLastHour, long Held, JsonElement Spec);

internal sealed record HealthView(string Status, string? Reason = null);

internal static class StatusEndpoints
{
    private const int DatasetsMax = 100;

    /// <summary>Probes usually give up after a second or two, so the answer must come before.</summary>
    private static readonly TimeSpan ReadyMax = TimeSpan.FromSeconds(2);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/status", Get).Takes().WithTags("status").WithSummary("What an operator asks first");
        routes.MapGet(RuleSchema.Path, () => Results.Text(RuleSchema.Json, "application/schema+json"))
            .WithTags("status")
            .WithSummary("The JSON Schema of rule files");
    }

    /// <summary>What an orchestrator asks, of every role.</summary>
    public static void MapHealth(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/healthz/live", () => TypedResults.Ok(new HealthView("live"))).Takes().WithTags("status").WithSummary("Whether the process serves");
        routes.MapGet("/healthz/ready", Ready).Takes().WithTags("status").WithSummary("Whether it can take events and answer: 200, or 503 with the reason");
    }

    private static async Task<Ok<StatusJson>> Get(HttpContext http, Definitions definitions, Questions questions)
    {
        var status = questions.Ask(grains => grains.GetGrain<IStatusGrain>(0).Get(), http.RequestAborted);
        var sources = SourcesEndpoints.All(definitions, questions, http.RequestAborted);
        var datasets = Datasets(questions, http.RequestAborted);
        await Task.WhenAll(status, sources, datasets);
        var view = await status;
        return TypedResults.Ok(new StatusJson(
            view.Version,
            view.Ready,
            view.Store,
            view.Shards,
            view.Files,
            await sources,
            (await datasets).Items,
            (await datasets).Next,
            [.. view.Rules.Select(rule => new RuleJson(rule.Name, rule.Generation, rule.FilesPerHourMax, rule.FiredLastHour, rule.Held, Parsed(rule.SpecJson)))],
            view.Unhealthy,
            view.Silos,
            view.Owners));
    }

    /// <summary>None while the store is away: the status then says so, and must not fail with what it is there to tell.</summary>
    private static async Task<ListView<DatasetView>> Datasets(Questions questions, CancellationToken stop)
    {
        try
        {
            return await DatasetsEndpoints.Page(questions, null, DatasetsMax, stop);
        }
        catch (StoreAwayException)
        {
            return new ListView<DatasetView>([], null);
        }
    }

    private static async Task<Results<Ok<HealthView>, JsonHttpResult<HealthView>>> Ready(IGrainFactory grains, ClusterShape cluster, TimeProvider time)
    {
        if (!cluster.IsKnown)
        {
            return NotReady(ClusterShape.NobodyAnswered);
        }

        try
        {
            var status = await grains.GetGrain<IStatusGrain>(0).Get().WaitAsync(ReadyMax, time);
            return status.Ready
                ? TypedResults.Ok(new HealthView("ready"))
                : NotReady(status.Unhealthy is [var first, ..] ? $"{first.What}: {first.Why}; {first.Do}" : "the silo is not ready yet");
        }
        catch (Exception failure)
        {
            return NotReady(failure is TimeoutException ? "the silo does not answer" : failure.Message);
        }
    }

    private static JsonHttpResult<HealthView> NotReady(string reason) =>
        TypedResults.Json(new HealthView("not ready", reason), statusCode: StatusCodes.Status503ServiceUnavailable);

    private static JsonElement Parsed(string json)
    {
        using var document = JsonDocument.Parse(json.Length == 0 ? "{}" : json);
        return document.RootElement.Clone();
    }
}
