using System.Text.Json.Serialization;
using EventGrains.Contracts.Datasets;
using EventGrains.Files;
using EventGrains.Gateway.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.OpenApi;

namespace EventGrains.Gateway.Datasets;

/// <param name="Counts">Files of each status; all statuses are there.</param>
/// <param name="Bytes">The sum of the known sizes of its files that are not deleted.</param>
/// <param name="Recount">When asked for: the same, counted over all files at <paramref name="CommitIndex"/>, as the kept counts are.</param>
internal sealed record DatasetView(
    string Name,
    long Files,
    IReadOnlyDictionary<string, long> Counts,
    long Bytes,
    DateTime UpdatedAt,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] SumsView? Recount = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? CommitIndex = null)
{
    public static DatasetView Of(DatasetCounts counts) =>
        new(counts.Name, counts.Files, SumsView.Named(counts), counts.Bytes, counts.UpdatedAt);
}

internal sealed record SumsView(long Files, IReadOnlyDictionary<string, long> Counts, long Bytes)
{
    public static SumsView Of(DatasetCounts counts) => new(counts.Files, Named(counts), counts.Bytes);

    public static Dictionary<string, long> Named(DatasetCounts counts) =>
        Enum.GetValues<FileStatus>().ToDictionary(Words<FileStatus>.Of, status => counts.Counts.GetValueOrDefault(status));
}

internal static class DatasetsEndpoints
{
    private const string Root = "/v1/datasets/";

    public static void Map(IEndpointRouteBuilder routes)
    {
        var datasets = routes.MapGroup("").WithTags("datasets");
        datasets.MapGet("/v1/datasets", List)
            .Takes(QueryParameter.Limit, QueryParameter.After)
            .WithSummary("List datasets, in the order of their names");
        datasets.MapGet("/v1/datasets/{name}", Get)
            .Takes(new QueryParameter("recount", "Also count over all files, at the same commit; slow on a large dataset.", Type: JsonSchemaType.Boolean))
            .WithSummary("Get a dataset's counts");
    }

    public static async Task<ListView<DatasetView>> Page(Questions questions, string? after, int limit, CancellationToken stop)
    {
        var items = await questions.Ask(grains => grains.GetGrain<IDatasetListGrain>(0).List(after, limit), stop);
        return new ListView<DatasetView>([.. items.Select(DatasetView.Of)], items.Count == limit ? items[^1].Name : null);
    }

    private static async Task<Ok<ListView<DatasetView>>> List(HttpContext http, Questions questions) =>
        TypedResults.Ok(await Page(questions, http.Request.Query.Text("after"), http.Request.Query.Limit(), http.RequestAborted));

    private static async Task<Ok<DatasetView>> Get(string name, HttpContext http, Questions questions)
    {
        name = RawTarget.Between(http, Root, "");
        var recount = http.Request.Query.Flag("recount");
        var kept = await questions.Ask(grains => grains.GetGrain<IDatasetGrain>(name).Get(), http.RequestAborted)
            ?? throw ProblemException.NotFound($"no file ever belonged to a dataset '{name}'", "`eventgrains dataset list` shows which there are; a dataset appears with its first file");
        if (!recount)
        {
            return TypedResults.Ok(DatasetView.Of(kept));
        }

        var both = await questions.AskSlow(grains => grains.GetGrain<IDatasetGrain>(name).Recount(), http.RequestAborted);
        return TypedResults.Ok(DatasetView.Of(both.Kept) with { Recount = SumsView.Of(both.Recounted), CommitIndex = both.CommitIndex });
    }
}
