using EventGrains.Contracts.Transitions;
using EventGrains.Files;
using EventGrains.Gateway.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Hosting;
using Microsoft.OpenApi;

namespace EventGrains.Gateway.Transitions;

internal static class TransitionsEndpoints
{
    private static readonly QueryParameter[] Filters =
    [
        new("path", "A glob over paths; a file without a path matches none. May repeat: any of them.", Repeats: true),
        new("dataset", "A dataset's name. May repeat: any of them.", Repeats: true),
        new("kind", "What the transition is called by. May repeat: any of them.", Words<TransitionKind>.All, Repeats: true),
        new("from", "Where to begin without a `Last-Event-ID`: `latest` when not given.", ["earliest", "latest"]),
    ];

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/v1/transitions", Follow)
            .Takes(Filters)
            .WithTags("transitions")
            .WithSummary("Follow transitions, as server-sent events")
            .WithDescription(
                "`event: transition` carries one transition, `event: gap` says what is no longer kept. `id` is a cursor: send the last one as `Last-Event-ID` to go on after it, without gap or repeat. "
                + "A comment comes at least every 15 s, with an `id` that also moves on when nothing matched. Order holds per file and for all files by `index`.")
            .AddOpenApiOperationTransformer((operation, _, _) =>
            {
                operation.Responses ??= [];
                operation.Responses["200"] = new OpenApiResponse
                {
                    Description = "A stream that does not end",
                    Content = new Dictionary<string, OpenApiMediaType> { ["text/event-stream"] = new() },
                };
                return Task.CompletedTask;
            });

    private static async Task Follow(HttpContext http, TransitionTail tail, IGrainFactory grains, GatewaySettings settings, TimeProvider time, IHostApplicationLifetime life)
    {
        var reader = grains.GetGrain<ITransitionLogGrain>(0);
        var filter = TransitionFilter.Of(http.Request.Query);
        var after = Asked(http.Request);
        using var seat = tail.Enter();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, life.ApplicationStopping);
        var start = after ?? Begin(await GrainCalls.Read(reader.GetEnds, time, stop.Token), http.Request.Query.Text("from"));
        http.Response.ContentType = "text/event-stream";
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers["X-Accel-Buffering"] = "no";
        http.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        try
        {
            await new TransitionStream(tail, reader, filter, http.Response.BodyWriter, settings, time).Run(start, stop.Token);
        }
        catch (OperationCanceledException)
        {
            // The client went, or we stop: it comes back with its last id.
        }
    }

    private static Cursor? Asked(HttpRequest request)
    {
        _ = request.Query.Text("from") is null or "earliest" or "latest"
            ? true
            : throw ProblemException.BadRequest($"from: '{request.Query.Text("from")}' is not known", "use earliest or latest; a cursor goes into the header Last-Event-ID");
        if (request.Headers["Last-Event-ID"] is not [{ Length: > 0 } id])
        {
            return null;
        }

        return Cursor.TryParse(id, out var cursor)
            ? cursor
            : throw ProblemException.BadRequest($"Last-Event-ID: '{id}' is not an id that this server gave", "send the last id unchanged, or leave it out and choose from=earliest or from=latest");
    }

    private static Cursor Begin(LogEnds ends, string? from) => from == "earliest" ? ends.Earliest : ends.Latest;
}
