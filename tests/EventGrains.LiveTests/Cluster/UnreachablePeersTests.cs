using EventGrains.LiveTests.BadInput;
using EventGrains.Tests.Postgres;

namespace EventGrains.LiveTests.Cluster;

/// <summary>A silo that starts and cannot reach its peers ends and says whom; the cluster runs on.</summary>
/// <remarks>As with a port that is closed between them, both ways: where one can open a connection, Orleans talks over that both ways.</remarks>
public sealed class UnreachablePeersTests : IAsyncDisposable
{
    // For documentation alone: nobody has them, and nothing answers there.
    private const string Running = "203.0.113.1";
    private const string Starting = "203.0.113.2";

    private readonly string _directory = Product.NewDirectory();

    [Fact]
    public async Task It_does_not_join_and_names_them_and_the_cluster_is_not_disturbed()
    {
        var servers = new Servers(_directory, await PostgresServer.NewDatabase());
        var first = servers.Next("--advertise", Running);
        await using var server = await Product.Start(_directory, first);
        Assert.True((await server.Post(Told.Source, Told.Stored("before"))).IsOk);

        var joining = Product.RunIn(_directory, null, servers.Next("--advertise", Starting));
        var told = 0;
        for (; !joining.IsCompleted; told++)
        {
            Assert.True((await server.Post(Told.Source, Told.Stored($"n{told}"))).IsOk);
        }

        var (exit, output, errors) = await joining;
        Assert.Equal(1, exit);
        Assert.DoesNotContain("ready", output, StringComparison.Ordinal);
        var said = Assert.Single(errors.Split('\n'), line => line.StartsWith("This silo did not join", StringComparison.Ordinal));
        Assert.Contains($"{Running}:{Servers.SiloPort(first)}", said, StringComparison.Ordinal);
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
