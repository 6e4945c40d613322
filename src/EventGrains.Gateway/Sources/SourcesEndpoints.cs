using System.Globalization;
using System.Text.Json;
using EventGrains.Contracts.Sources;
using EventGrains.Gateway.Http;
using EventGrains.Rules;
using Microsoft.AspNetCore.Http.HttpResults;

namespace EventGrains.Gateway.Sources;

internal static class SourcesEndpoints
{
    private const string DeadLettersRoot = "/v1/dead-letters/";

    /// <summary>How long a source may take to say where it stands; then the list says that it does not answer, and the others are listed.</summary>
    private static readonly TimeSpan AnswerMax = TimeSpan.FromSeconds(5);

    public static void Map(IEndpointRouteBuilder routes)
    {
        var sources = routes.MapGroup("").WithTags("sources");
        sources.MapGet("/v1/sources", async (HttpContext http, Definitions definitions, Questions questions) =>
                TypedResults.Ok(new ListView<SourceJson>(await All(definitions, questions, http.RequestAborted), null)))
            .Takes()
            .WithSummary("List sources, with their partitions and how far behind each is");
        sources.MapGet("/v1/sources/{name}", async (string name, HttpContext http, Definitions definitions, Questions questions) =>
            {
                var source = Declared(name, definitions);
                return TypedResults.Ok(SourceJson.Of(await questions.Ask(grains => grains.GetGrain<ISourceGrain>(source.Name).Get(), http.RequestAborted)));
            })
            .Takes()
            .WithSummary("Get a source");
        sources.MapPost("/v1/sources/{name}/seek", Seek)
            .Takes()
            .WithSummary("Read a partition again from a position, or skip to it")
            .WithDescription("`to` is `earliest`, `latest`, or a position as a number. What is read again is silent where it says nothing new.");
        sources.MapPost("/v1/sources/{name}/resume", Resume)
            .Takes()
            .WithSummary("Go on after a pause")
            .WithDescription("With `skipUnreadable` unreadable records go to the dead letters without pausing the source again until it has read on. The body may be left out.");
        sources.MapGet("/v1/dead-letters", ListDeadLetters)
            .Takes(QueryParameter.Limit, QueryParameter.After)
            .WithSummary("List records that could not be read");
        sources.MapGet("/v1/dead-letters/{id}", (string id, HttpContext http, Questions questions) => GetDeadLetter(http, questions))
            .Takes()
            .WithSummary("Get a record that could not be read")
            .WithDescription("`id` is percent-encoded.");
        routes.MapGet("/v1/dead-letters/{**id}", (string id, HttpContext http, Questions questions) => GetDeadLetter(http, questions))
            .Takes()
            .ExcludeFromDescription();
    }

    public static async Task<IReadOnlyList<SourceJson>> All(Definitions definitions, Questions questions, CancellationToken stop) =>
        await Task.WhenAll(definitions.Sources.Select(source => View(source, questions, stop)));

    private static async Task<SourceJson> View(SourceDefinition source, Questions questions, CancellationToken stop)
    {
        try
        {
            return SourceJson.Of(await questions.Ask(grains => grains.GetGrain<ISourceGrain>(source.Name).Get(), stop).WaitAsync(AnswerMax, stop));
        }
        catch (Exception failure)
        {
            return new SourceJson(source.Name, Words<SourceType>.Of(source.Type), source.Format, source.Storage, SourceState.Stopped, $"it does not answer: {failure.Message}", []);
        }
    }

    private static async Task<Ok<SourceJson>> Seek(string name, SeekRequest request, Definitions definitions, IGrainFactory grains)
    {
        var source = grains.GetGrain<ISourceGrain>(Pulled(name, definitions).Name);
        if (string.IsNullOrEmpty(request.Partition))
        {
            throw ProblemException.BadRequest("partition: missing", $"name one of those that `GET /v1/sources/{name}` lists");
        }

        var (to, position) = Target(request.To);
        await Told(() => source.Seek(request.Partition, to, position), name);
        return TypedResults.Ok(SourceJson.Of(await source.Get()));
    }

    private static async Task<Ok<SourceJson>> Resume(string name, ResumeRequest? request, Definitions definitions, IGrainFactory grains)
    {
        var source = grains.GetGrain<ISourceGrain>(Pulled(name, definitions).Name);
        await Told(() => source.Resume(request?.SkipUnreadable ?? false), name);
        return TypedResults.Ok(SourceJson.Of(await source.Get()));
    }

    /// <summary>What a source cannot do as it stands (no such partition, no such position) is the caller's to mend, and no failure of the server.</summary>
    private static async Task Told(Func<Task> command, string name)
    {
        try
        {
            await command();
        }
        catch (InvalidOperationException refused)
        {
            throw ProblemException.Conflict(refused.Message, $"`GET /v1/sources/{name}` lists its partitions, and where each stands");
        }
    }

    private static (SeekTo To, long Position) Target(JsonElement to)
    {
        var text = to.ValueKind switch
        {
            JsonValueKind.String => to.GetString()!,
            JsonValueKind.Number => to.GetRawText(),
            _ => "",
        };
        return text switch
        {
            "earliest" => (SeekTo.Earliest, 0),
            "latest" => (SeekTo.Latest, 0),
            _ when long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var position) => (SeekTo.Position, position),
            _ => throw ProblemException.BadRequest($"to: '{text}' is no place in a partition", "write \"earliest\", \"latest\" or a position, a number from 0"),
        };
    }

    private static async Task<Ok<ListView<DeadLetterView>>> ListDeadLetters(HttpContext http, Questions questions)
    {
        var limit = http.Request.Query.Limit();
        var page = await Queries.Page(http.Request.Query.Text("after"), after =>
            questions.Ask(grains => grains.GetGrain<IDeadLettersGrain>(0).List(after, limit), http.RequestAborted));
        return TypedResults.Ok(new ListView<DeadLetterView>([.. page.Items.Select(DeadLetterView.Of)], page.Next));
    }

    private static async Task<Ok<DeadLetterView>> GetDeadLetter(HttpContext http, Questions questions)
    {
        var id = RawTarget.Between(http, DeadLettersRoot, "");
        var letter = await questions.Ask(grains => grains.GetGrain<IDeadLettersGrain>(0).Get(id), http.RequestAborted)
            ?? throw ProblemException.NotFound($"no dead letter '{id}' is kept", "`eventgrains dead-letter list` shows which are");
        return TypedResults.Ok(DeadLetterView.Of(letter));
    }

    private static SourceDefinition Declared(string name, Definitions definitions) =>
        definitions.Source(name)
        ?? throw ProblemException.NotFound($"no source '{name}' is declared", $"declared are: {string.Join(", ", definitions.Sources.Select(s => s.Name))}");

    private static SourceDefinition Pulled(string name, Definitions definitions)
    {
        var source = Declared(name, definitions);
        return source.Type != SourceType.Http
            ? source
            : throw ProblemException.Conflict($"source '{name}' is of type http: it has no position to move and does not pause", "publish the records again instead; repeats are silent");
    }
}
