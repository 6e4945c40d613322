using System.Globalization;
using EventGrains.Contracts.Transitions;
using EventGrains.Gateway.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace EventGrains.Gateway.Transitions;

/// <summary>A delivery on an Orleans stream that was given up.</summary>
/// <param name="Stream">Namespace and key: <c>files/STORAGE:NATIVE</c> or <c>datasets/NAME</c>.</param>
/// <param name="Sequence">With <paramref name="Index"/> the token: for a file the shard's sequence and the version, for a dataset commit index and ordinal.</param>
/// <param name="Consumer">The grain that failed.</param>
internal sealed record ParkedDeliveryView(long Number, string Stream, long Sequence, int Index, string Consumer, string Error, int Attempts, DateTime At)
{
    public static ParkedDeliveryView Of(ParkedDelivery d) => new(d.Number, d.Stream, d.Sequence, d.Index, d.Consumer, d.Error, d.Attempts, d.At);
}

/// <summary>Deliveries to grains of workflow engineers that were given up: seen, made again, or given up for good.</summary>
internal static class ParkedEndpoints
{
    private const string Listed = "`eventgrains parked-delivery list` shows which are";

    public static void Map(IEndpointRouteBuilder routes)
    {
        var parked = routes.MapGroup("").WithTags("transitions");
        parked.MapGet("/v1/parked-deliveries", List)
            .Takes(QueryParameter.Limit, QueryParameter.After)
            .WithSummary("List deliveries on Orleans streams that were given up, oldest first");
        parked.MapPost("/v1/parked-deliveries/{number}/retry", (string number, IGrainFactory grains) => Told(number, Grain(grains).Retry))
            .Takes()
            .WithSummary("Deliver the event again, to all consumers of its stream")
            .WithDescription("What fails again is parked again, under a new number.");
        parked.MapPost("/v1/parked-deliveries/{number}/discard", (string number, IGrainFactory grains) => Told(number, Grain(grains).Drop))
            .Takes()
            .WithSummary("Forget that the delivery failed; the event stays in the log");
    }

    private static async Task<Ok<ListView<ParkedDeliveryView>>> List(HttpContext http, Questions questions)
    {
        var (text, limit) = (http.Request.Query.Text("after") ?? "0", http.Request.Query.Limit());
        var after = TryNumber(text) ?? throw ProblemException.BadRequest($"after: '{text}' is not a cursor that this server gave for this list", "give the `next` of the page before unchanged");
        var items = (await questions.Ask(grains => Grain(grains).List(after, limit), http.RequestAborted)).Items;
        return TypedResults.Ok(new ListView<ParkedDeliveryView>(
            [.. items.Select(ParkedDeliveryView.Of)], items.Count == limit ? items[^1].Number.ToString(CultureInfo.InvariantCulture) : null));
    }

    private static async Task<NoContent> Told(string text, Func<long, Task<bool>> command) =>
        TryNumber(text) is { } number && await command(number)
            ? TypedResults.NoContent()
            : throw ProblemException.NotFound($"no delivery '{text}' is parked", Listed);

    private static long? TryNumber(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static IParkedDeliveriesGrain Grain(IGrainFactory grains) => grains.GetGrain<IParkedDeliveriesGrain>(TransitionStreams.Provider);
}
