using EventGrains.Gateway.Http;
using Microsoft.OpenApi;

namespace EventGrains.Gateway.Events;

internal static class EventsEndpoints
{
    private static readonly QueryParameter Format = new("format", "How the records are written: `dcache`, `s3`, `cloudevents`; what the source declares when not given (for CloudEvents content types, `cloudevents`).");

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/v1/sources/{source}/events", async (string source, HttpContext http, EventIntake intake) =>
                TypedResults.Ok(await intake.Take(source, http.Request.Query.Text("format"), http)))
            .Takes(Format)
            .WithTags("events")
            .WithSummary("Publish events")
            .WithDescription(
                "Answers 200 when every readable record is durable. Records are judged one by one: unreadable ones are listed by line and the others kept. "
                + "400, 413 and 422 keep nothing. After 503, or when the connection breaks, send the same bytes again: repeats are silent. "
                + "`application/json` is one record; a CloudEvent in binary mode (`ce-` headers) is taken too.")
            .AddOpenApiOperationTransformer((operation, _, _) =>
            {
                operation.RequestBody = new OpenApiRequestBody
                {
                    Required = true,
                    Content = new Dictionary<string, OpenApiMediaType>
                    {
                        ["application/x-ndjson"] = new(),
                        ["application/json"] = new(),
                        ["application/cloudevents+json"] = new(),
                        ["application/cloudevents-batch+json"] = new(),
                    },
                };
                return Task.CompletedTask;
            });
}
