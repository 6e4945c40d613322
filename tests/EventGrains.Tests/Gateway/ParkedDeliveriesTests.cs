using System.Net;
using EventGrains.Contracts.Transitions;

namespace EventGrains.Tests.Gateway;

/// <summary>Deliveries that were given up, over HTTP.</summary>
public sealed class ParkedDeliveriesTests
{
    [Fact]
    public async Task Parked_deliveries_are_paged_delivered_again_and_discarded()
    {
        await using var host = await GatewayHost.Start();
        host.Known.Parked.Items.AddRange(Enumerable.Range(1, 3).Select(n => new ParkedDelivery(n, "files/s:1", 7, n, "watcher/s:1", "it cannot stand it", 5, DateTime.UnixEpoch)));

        var (_, first, _) = await host.Get("/v1/parked-deliveries?limit=2");
        var (_, second, _) = await host.Get($"/v1/parked-deliveries?limit=2&after={first.GetProperty("next").GetString()}");
        var retried = await host.Post("/v1/parked-deliveries/1/retry", "", null);
        var discarded = await host.Post("/v1/parked-deliveries/2/discard", "", null);

        Assert.Equal(["it cannot stand it", "it cannot stand it"], first.GetProperty("items").EnumerateArray().Select(d => d.GetProperty("error").GetString()));
        Assert.Equal(3, Assert.Single(second.GetProperty("items").EnumerateArray()).GetProperty("number").GetInt64());
        Assert.Null(second.GetProperty("next").GetString());
        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.NoContent), (retried.Status, discarded.Status));
        Assert.Equal([1], host.Known.Parked.Retried);
        Assert.Equal([3], host.Known.Parked.Items.Select(d => d.Number));
        Assert.Equal(HttpStatusCode.NotFound, (await host.Post("/v1/parked-deliveries/1/retry", "", null)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await host.Post("/v1/parked-deliveries/x/discard", "", null)).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await host.Get("/v1/parked-deliveries?after=x")).Status);
    }
}
