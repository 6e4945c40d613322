using System.Net;

namespace EventGrains.LiveTests.BadInput;

/// <summary>A sync of the store's log fails. Nothing of it may be taken for kept, nor for gone, and nobody has to come and help.</summary>
public sealed class FailedFsyncTests : IAsyncDisposable
{
    private static readonly string[] Before = Told.Names("before", 20);

    private readonly string _directory = Product.NewDirectory();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_was_in_flight_is_refused_or_read_again_and_nothing_is_lost_or_doubled(bool isLost)
    {
        var disk = await FaultyDisk.Under(_directory, "data/store");
        var log = Path.Combine(_directory, "events.log");
        var known = new List<string>(Before);

        // Of one file each: a post of many is in many shards' hands, and is 503 when any of them is.
        var posts = Enumerable.Range(0, 60).Select(i => Told.Names($"p{i}-", 1)).ToArray();
        await using (var server = await Start(disk))
        {
            Assert.True((await server.Post(Told.Source, Told.Stored(Before))).IsOk);
            known.AddRange(await APostInFlightIs503AndTheSameBytesAreTakenAfterwards(server, disk, isLost));
            await Told.AreKnownOnce(server, known);

            known.AddRange(await ALogIsReadOn(server, disk, isLost, log));
            await Told.AreKnownOnce(server, known);
            Assert.Equal(0, (await server.Get("/v1/dead-letters")).GetProperty("items").GetArrayLength());

            known.AddRange(await OfManyPostsAtOnceEachIsKeptOrToldThatItIsNot(server, disk, isLost, posts));
            await server.Kill();
        }

        await using var again = await Start(disk);
        var versions = await Told.Versions(again);
        Assert.All(known, name => Assert.Equal(1, versions.GetValueOrDefault(name)));
        foreach (var post in posts)
        {
            await Told.PostUntilTaken(again, Told.Stored(post));
        }

        await File.AppendAllLinesAsync(log, [Told.Stored("last")]);
        await Eventually.Is(async () => (await Told.Versions(again)).ContainsKey("last"), () => again.Errors);
        await Told.AreKnownOnce(again, [.. known.Union(posts.SelectMany(post => post)), "last"]);
    }

    public async ValueTask DisposeAsync() => await Tool.Remove(_directory);

    private static async Task<string[]> APostInFlightIs503AndTheSameBytesAreTakenAfterwards(Product server, FaultyDisk disk, bool isLost)
    {
        var hasFailed = disk.FailNextSync(isLost);

        var refused = await server.Post(Told.Source, Told.Stored("x"));

        Assert.True(hasFailed());
        refused.IsProblem(HttpStatusCode.ServiceUnavailable, "Input/output error");
        Assert.NotNull(refused.RetryAfter);
        Assert.Contains("same bytes again", refused.Text("remedy"), StringComparison.Ordinal);
        await Told.PostUntilTaken(server, Told.Stored("x"));
        await Eventually.Is(async () => (await server.Get("/v1/status")).GetProperty("unhealthy").GetArrayLength() == 0, () => server.Errors);
        return ["x"];
    }

    private static async Task<List<string>> ALogIsReadOn(Product server, FaultyDisk disk, bool isLost, string log)
    {
        var written = new List<string>();
        for (var round = 0; round < 4; round++)
        {
            var hasFailed = disk.FailNextSync(isLost);
            var names = Told.Names($"r{round}-", 200);
            await File.AppendAllLinesAsync(log, Told.Stored(names));
            written.AddRange(names);
            await Eventually.Is(hasFailed, () => server.Errors);
        }

        await Eventually.Is(
            async () => await server.Ask($"/v1/files?storage={Told.Source}") is { IsOk: true } && written.TrueForAll((await Told.Versions(server)).ContainsKey), () => server.Errors);
        return written;
    }

    /// <summary>Answers those that were acknowledged.</summary>
    private static async Task<IEnumerable<string>> OfManyPostsAtOnceEachIsKeptOrToldThatItIsNot(Product server, FaultyDisk disk, bool isLost, string[][] posts)
    {
        var hasFailed = disk.FailNextSync(isLost);

        var answers = await Task.WhenAll(posts.Select(post => server.Post(Told.Source, Told.Stored(post))));

        Assert.True(hasFailed());
        Assert.All(answers, answer => Assert.Contains(answer.Status, (HttpStatusCode[])[HttpStatusCode.OK, HttpStatusCode.ServiceUnavailable]));
        Assert.Contains(answers, answer => !answer.IsOk);
        return posts.Where((_, i) => answers[i].IsOk).SelectMany(post => post);
    }

    private async Task<Product> Start(FaultyDisk disk)
    {
        var rules = Path.Combine(_directory, "rules.yaml");
        await File.WriteAllTextAsync(rules, $$"""
            apiVersion: eventgrains/v1
            kind: Source
            metadata: {name: log}
            spec: {type: log, format: cloudevents, storage: cloudevents, files: "{{_directory}}/*.log"}
            """);
        return await Product.StartWith(disk.Environment, _directory, "server", "--data", "data", "--rules", rules, "--port", "0");
    }
}
