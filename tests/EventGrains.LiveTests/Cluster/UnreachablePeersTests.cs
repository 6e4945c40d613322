using EventGrains.LiveTests.BadInput;
using EventGrains.Tests.Postgres;

namespace EventGrains.LiveTests.Cluster;

/// <summary>A silo that starts and cannot be reached by its peers, or cannot reach them, ends and says whom; the cluster runs on.</summary>
public sealed class UnreachablePeersTests : IAsyncDisposable
{
    /// <summary>For documentation alone: nobody has it, and nothing answers there.</summary>
    private const string BlackHole = "192.0.2.1";

    private readonly string _directory = Product.NewDirectory();

    [Theory]
    [InlineData("127.0.0.1", BlackHole)]
    [InlineData(BlackHole, "127.0.0.1")]
    public async Task It_does_not_join_and_names_them_and_the_cluster_is_not_disturbed(string running, string starting)
    {
        var servers = new Servers(_directory, await PostgresServer.NewDatabase());
        var first = servers.Next("--advertise", running);
        await using var server = await Product.Start(_directory, first);
        Assert.True((await server.Post(Told.Source, Told.Stored("before"))).IsOk);

        var joining = Product.RunIn(_directory, null, servers.Next("--advertise", starting, "--set", "joinWithinSeconds=12"));
        await Eventually.Is(async () => await server.Metric("eventgrains_silos", "state=\"joining\"") == 1, () => "nobody is seen to join");
        var told = 0;
        for (; !joining.IsCompleted; told++)
        {
            Assert.True((await server.Post(Told.Source, Told.Stored($"n{told}"))).IsOk);
        }

        var (exit, output, errors) = await joining;
        Assert.Equal(1, exit);
        Assert.DoesNotContain("ready", output, StringComparison.Ordinal);
        var said = errors.TrimEnd().Split('\n')[^1];
        Assert.Contains("did not join", said, StringComparison.Ordinal);
        Assert.Contains($"{running}:{Servers.SiloPort(first)}", said, StringComparison.Ordinal);
        Assert.Contains("--advertise", said, StringComparison.Ordinal);
        var status = (await server.Ask("/v1/status")).Body;
        Assert.True(status.GetProperty("ready").GetBoolean());
        Assert.Empty(status.GetProperty("unhealthy").EnumerateArray());
        Assert.Equal(1, await server.Metric("eventgrains_silos", "state=\"active\""));
        Assert.All(status.GetProperty("owners").EnumerateArray(), owner => Assert.Equal(1, owner.GetProperty("epoch").GetInt64()));
        await Told.AreKnownOnce(server, ["before", .. Enumerable.Range(0, told).Select(n => $"n{n}")]);
    }

    public async ValueTask DisposeAsync() => await Tool.Remove(_directory);
}
