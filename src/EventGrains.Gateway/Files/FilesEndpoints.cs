using System.Globalization;
using EventGrains.Contracts.Files;
using EventGrains.Files;
using EventGrains.Gateway.Http;
using EventGrains.Gateway.Transitions;
using EventGrains.Rules;
using Microsoft.AspNetCore.Http.HttpResults;

namespace EventGrains.Gateway.Files;

internal static class FilesEndpoints
{
    private const string Root = "/v1/files/";
    private const string HistoryEnd = "/history";
    private const string RetryEnd = "/steps/retry";

    private static readonly QueryParameter[] Filters =
    [
        new("path", "A glob over paths: `*` and `?` stay within one part, `**` crosses parts."),
        new("storage", "The storage that holds them."),
        new("status", "Only files of this status.", Words<FileStatus>.All),
        new("dataset", "Only files of this dataset."),
        new("stepState", "Only files with a step in this state.", Words<StepState>.All),
        new("rule", "With `stepState`: a step of this rule."),
        QueryParameter.Limit,
        QueryParameter.After,
    ];

    private static readonly QueryParameter HistoryAfter = new("after", "A version: only later transitions are listed.");

    private static readonly QueryParameter Rule = new("rule", "Only steps of this rule.");

    public static void Map(IEndpointRouteBuilder routes)
    {
        var files = routes.MapGroup("").WithTags("files");
        files.MapGet("/v1/files", List)
            .Takes(Filters)
            .WithSummary("List files")
            .WithDescription("A page may hold fewer than `limit`, even none, and still have a next one: a filter that matches little ends a page early.");
        files.MapGet("/v1/files/{id}", (string id, HttpContext http, FileLookup lookup, Definitions definitions) => Get(http, lookup, definitions))
            .Takes()
            .WithSummary("Get a file")
            .WithDescription("`id` is STORAGE:NATIVE, or STORAGE:/PATH for the live file at that path; percent-encoded. 409 names the candidates when several live files claim the path.");
        files.MapGet("/v1/files/{id}/history", History)
            .Takes(QueryParameter.Limit, HistoryAfter)
            .WithSummary("List a file's transitions, in the order of their versions");
        files.MapPost("/v1/files/{id}/steps/retry", Retry)
            .Takes(Rule)
            .WithSummary("Let failed steps of a file wait again, with a fresh count of attempts");
        files.MapGet("/v1/steps", ListSteps)
            .Takes(new QueryParameter("state", "Only steps in this state.", Words<StepState>.All), Rule, QueryParameter.Limit, QueryParameter.After)
            .WithSummary("List steps")
            .WithDescription("`limit` counts files; of each all its steps that match are listed, so that a page is never cut within a file.");

        // For people: slashes in the name may also be written as they are.
        routes.MapGet("/v1/files/{**name}", (string name, HttpContext http, FileLookup lookup, Definitions definitions) => Get(http, lookup, definitions))
            .Takes()
            .ExcludeFromDescription();
    }

    private static async Task<Ok<ListView<FileView>>> List(HttpContext http, Questions questions, Definitions definitions)
    {
        var query = http.Request.Query;
        var page = await Page(http, questions, new FileQuery(
            PathOf(query),
            query.Text("storage"),
            query.Word<FileStatus>("status"),
            query.Text("dataset"),
            query.Word<StepState>("stepState"),
            query.Text("rule"),
            query.Text("after"),
            query.Limit()));
        return TypedResults.Ok(new ListView<FileView>([.. page.Items.Select(file => FileJson.View(file, definitions))], page.Next));
    }

    private static async Task<Ok<FileView>> Get(HttpContext http, FileLookup lookup, Definitions definitions) =>
        TypedResults.Ok(FileJson.View(await lookup.Find(Named(http, ""), http.RequestAborted), definitions));

    private static async Task<Ok<ListView<TransitionView>>> History(string id, HttpContext http, FileLookup lookup, Questions questions)
    {
        var limit = http.Request.Query.Limit();
        var after = VersionAfter(http.Request.Query);
        var file = await lookup.Find(Named(http, HistoryEnd), http.RequestAborted);
        var items = await questions.Ask(grains => grains.GetFile(file.Id).GetHistory(after, limit), http.RequestAborted);
        var next = items.Count == limit ? items[^1].Transition.Version.ToString(CultureInfo.InvariantCulture) : null;
        return TypedResults.Ok(new ListView<TransitionView>([.. items.Select(TransitionView.Of)], next));
    }

    private static async Task<Ok<RetryAnswer>> Retry(string id, HttpContext http, FileLookup lookup, IGrainFactory grains)
    {
        var file = await lookup.Find(Named(http, RetryEnd), http.RequestAborted);
        return TypedResults.Ok(new RetryAnswer(file.Id.ToString(), await grains.GetFile(file.Id).Retry(http.Request.Query.Text("rule"))));
    }

    private static async Task<Ok<ListView<FileStepView>>> ListSteps(HttpContext http, Questions questions)
    {
        var query = http.Request.Query;
        var (state, rule) = (query.Word<StepState>("state"), query.Text("rule"));
        var page = await Page(http, questions, new FileQuery(StepState: state, Rule: rule, After: query.Text("after"), Limit: query.Limit()));
        var steps = page.Items.SelectMany(file => file.Steps
            .Where(step => (state is null || step.State == state) && (rule is null || step.Key.Rule == rule))
            .Select(step => FileJson.View(file, step)));
        return TypedResults.Ok(new ListView<FileStepView>([.. steps], page.Next));
    }

    private static Task<FilePage> Page(HttpContext http, Questions questions, FileQuery query) =>
        Queries.Page(query.After, _ => questions.Ask(grains => grains.GetGrain<IFileListGrain>(0).List(query), http.RequestAborted));

    private static string? PathOf(IQueryCollection query)
    {
        if (query.Text("path") is not { } path)
        {
            return null;
        }

        try
        {
            return new PathPattern(path).Text;
        }
        catch (FormatException failure)
        {
            throw ProblemException.BadRequest($"path: {failure.Message}", "write a glob such as /runs/**/*.h5");
        }
    }

    private static string Named(HttpContext http, string end) => RawTarget.Between(http, Root, end);

    private static int VersionAfter(IQueryCollection query)
    {
        var text = query.Text("after") ?? "0";
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var version)
            ? version
            : throw ProblemException.BadRequest($"after: '{text}' is not a version", "give the `next` of the page before, or a version number");
    }
}
