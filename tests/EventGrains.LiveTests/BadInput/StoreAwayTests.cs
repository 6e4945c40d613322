using System.Net;

namespace EventGrains.LiveTests.BadInput;

/// <summary>A store that cannot be written for a while: the server says why, keeps what it acknowledged, and goes on by itself.</summary>
public sealed class StoreAwayTests : IAsyncDisposable
{
    private static readonly string[] Before = Told.Names("before", 20);

    private readonly string _directory = Product.NewDirectory();

    [Fact]
    public async Task A_store_that_becomes_read_only_says_so_and_goes_on_when_it_is_writable_again()
    {
        var disk = await FaultyDisk.Under(_directory, "eventgrains-dev/store");
        await using (var server = await Product.StartWith(disk.Environment, _directory, "dev", "--port", "0"))
        {
            Assert.True((await server.Post(Told.Source, Told.Stored(Before))).IsOk);
            Assert.Equal(Before.Length, (await server.Get("/v1/status")).GetProperty("files").GetInt64());
            disk.BecomeReadOnly();

            var refused = await server.Post(Told.Source, Told.Stored("x"));
            var refusedAgain = await server.Post(Told.Source, Told.Stored("x"));

            refused.IsProblem(HttpStatusCode.ServiceUnavailable, "Read-only file system");
            Assert.NotNull(refused.RetryAfter);
            refusedAgain.IsProblem(HttpStatusCode.ServiceUnavailable, "read-only");
            await SaysWhyInEveryWay(server, "read-only");
            disk.BecomeWritable();
            await GoesOn(server, "x");
            await server.Kill();
        }

        await using var again = await Product.StartWith(disk.Environment, _directory, "dev", "--port", "0");
        await Told.AreKnownOnce(again, [.. Before, "x"]);
    }

    [Fact]
    public async Task A_full_disk_says_so_and_the_server_goes_on_when_there_is_room()
    {
        await using var disk = await Mounted.Small(Path.Combine(_directory, "disk"), megabytes: 24);
        string[] arguments = ["dev", "--port", "0", "--data", Path.Combine(disk.Path, "data")];
        var acknowledged = new List<string>(Before);
        await using (var server = await Product.Start(_directory, arguments))
        {
            Assert.True((await server.Post(Told.Source, Told.Stored(Before))).IsOk);
            disk.Fill();

            // The log's last page may have room for some more.
            var refused = (Answer?)null;
            for (var i = 0; refused is null; i++)
            {
                var names = Told.Names($"n{i}-", 200);
                var answer = await server.Post(Told.Source, Told.Stored(names));
                acknowledged.AddRange(answer.IsOk ? names : []);
                refused = answer.IsOk ? null : answer;
            }

            refused.IsProblem(HttpStatusCode.ServiceUnavailable, "No space left on device");
            Assert.NotNull(refused.RetryAfter);
            disk.MakeRoom();
            await GoesOn(server, "x");
            await server.Kill();
        }

        await using var again = await Product.Start(_directory, arguments);
        var versions = await Told.Versions(again);
        Assert.All([.. acknowledged, "x"], name => Assert.Equal(1, versions.GetValueOrDefault(name)));
        await again.Kill();
    }

    public async ValueTask DisposeAsync() => await Tool.Remove(_directory);

    private static async Task SaysWhyInEveryWay(Product server, string why)
    {
        var status = (await server.Ask("/v1/status")).Body;
        Assert.False(status.GetProperty("ready").GetBoolean());
        var trouble = status.GetProperty("unhealthy")[0];
        Assert.Equal("store", trouble.GetProperty("what").GetString());
        Assert.Contains(why, trouble.GetProperty("why").GetString(), StringComparison.Ordinal);
        Assert.NotEmpty(trouble.GetProperty("do").GetString()!);
        Assert.Equal(Before.Length, status.GetProperty("files").GetInt64());
        var ready = await server.Ask("/healthz/ready");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.Status);
        Assert.Contains(why, ready.Text("reason"), StringComparison.Ordinal);
        Assert.True((await server.Ask("/healthz/live")).IsOk);
        foreach (var path in (string[])["/v1/files", "/v1/datasets", "/v1/dead-letters", "/v1/files/cloudevents%3Abefore0000", "/v1/files/cloudevents%3Abefore0000/history"])
        {
            (await server.Ask(path)).IsProblem(HttpStatusCode.ServiceUnavailable, why);
        }

        var shown = await server.Run("status");
        Assert.Equal(0, shown.Exit);
        Assert.Contains(why, shown.Output, StringComparison.Ordinal);
    }

    private static async Task GoesOn(Product server, string name)
    {
        await Told.PostUntilTaken(server, Told.Stored(name));
        await Eventually.Answers(() => server.Ask("/healthz/ready"), answer => answer.IsOk);

        // Sources find it out at their next look.
        await Eventually.Answers(() => server.Ask("/v1/status"), answer => answer.Body.GetProperty("unhealthy").GetArrayLength() == 0);
        var versions = await Told.Versions(server);
        Assert.All([.. Before, name], known => Assert.Equal(1, versions.GetValueOrDefault(known)));
    }
}
