using System.Text.Json;
using EventGrains.Cli.Verbs;
using Microsoft.Extensions.Time.Testing;

namespace EventGrains.Tests.Cli;

public sealed class FileWaitTests
{
    private const string Unknown = """{"title":"Not found","detail":"no such file"}""";
    private const string Stored = """{"id":"s:1","storage":"s","path":"/a*b","status":"stored","existence":"stored"}""";
    private const string Processed = """{"id":"s:1","storage":"s","path":"/a*b","status":"processed","existence":"stored"}""";

    [Fact]
    public async Task It_asks_only_once_the_subscription_stands_and_again_at_each_transition_of_the_file()
    {
        var states = new Queue<(string Json, int Status)>([(Unknown, 404), (Stored, 200), (Processed, 200)]);
        await using var server = await FakeServer.Start(async (asked, http) =>
        {
            if (!asked.Target.StartsWith("/v1/transitions", StringComparison.Ordinal))
            {
                var (json, status) = states.Dequeue();
                await FakeServer.Json(http, json, status);
                return;
            }

            await FakeServer.Events(http, "event: transition\ndata: {\"id\":\"s:2\",\"storage\":\"s\",\"path\":\"/axb\"}\n\n");
            await FakeServer.Events(http, "event: transition\ndata: {\"id\":\"s:1\",\"storage\":\"s\",\"path\":\"/a*b\"}\n\n");
            await FakeServer.Events(http, "event: transition\ndata: {\"id\":\"s:1\",\"storage\":\"s\",\"path\":\"/a*b\"}\n\n");
            await FakeServer.UntilGone(http);
        });

        var ran = await Ran.Against(server, "file", "wait", "s:/a*b", "--for", "processed", "-o", "json");

        Assert.Equal(0, ran.ExitCode);
        Assert.Equal(Processed + "\n", ran.Out);
        Assert.Equal("/v1/transitions?path=%2Fa%3Fb", server.Asked.First().Target);
        Assert.Equal(4, server.Asked.Count);
    }

    [Fact]
    public async Task A_file_that_does_not_come_so_far_is_exit_code_5_and_says_how_far_it_came()
    {
        var time = new FakeTimeProvider();
        var asks = 0;
        await using var server = await FakeServer.Start(async (asked, http) =>
        {
            if (asked.Target.StartsWith("/v1/transitions", StringComparison.Ordinal))
            {
                await FakeServer.Events(http, "event: transition\ndata: {\"id\":\"s:1\"}\n\n");
                await FakeServer.UntilGone(http);
            }
            else if (++asks == 1)
            {
                await FakeServer.Json(http, Stored);
            }
            else
            {
                // That it asks again shows that it has read the first answer.
                time.Advance(TimeSpan.FromSeconds(31));
                await FakeServer.UntilGone(http);
            }
        });

        var ran = await Ran.With(new RunWith { Server = server.Url, Time = time }, "file", "wait", "s:1", "--for", "replicated");

        Assert.Equal(5, ran.ExitCode);
        Assert.Empty(ran.Out);
        Assert.Contains("it is stored", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_path_that_several_files_claim_is_exit_code_3()
    {
        await using var server = await FakeServer.Start((asked, http) => asked.Target.StartsWith("/v1/transitions", StringComparison.Ordinal)
            ? FakeServer.Events(http, ": here\n\n")
            : FakeServer.Json(http, """{"title":"Ambiguous"}""", 409));

        Assert.Equal(3, (await Ran.Against(server, "file", "wait", "s:/a", "--for", "stored")).ExitCode);
    }

    [Theory]
    [InlineData("stored", """{"status":"processed","existence":"stored"}""", true)]
    [InlineData("stored", """{"status":"lost","existence":"stored"}""", false)]
    [InlineData("stored", """{"status":"deleted","existence":"deleted"}""", false)]
    [InlineData("deleted", """{"status":"deleted","existence":"deleted"}""", true)]
    [InlineData("lost", """{"status":"lost","existence":"stored"}""", true)]
    [InlineData("uploading", """{"status":"stored","existence":"stored"}""", true)]
    [InlineData("staged", """{"status":"staged","existence":"stored","locality":"both"}""", true)]
    [InlineData("staged", """{"status":"processed","existence":"stored","locality":"both"}""", true)]
    [InlineData("staged", """{"status":"stored","existence":"stored","locality":"tape"}""", false)]
    [InlineData("replicated", """{"status":"processed","existence":"stored","replicas":[{"storage":"a","state":"present"},{"storage":"b","state":"present"}]}""", true)]
    [InlineData("replicated", """{"status":"processed","existence":"stored","replicas":[{"storage":"a","state":"present"},{"storage":"b","state":"corrupt"}]}""", false)]
    [InlineData("replicated", """{"status":"processed","existence":"stored","replicas":[{"storage":"a","pool":"p","state":"present"},{"storage":"a","pool":"p","state":"present"}]}""", false)]
    [InlineData("processed", """{"status":"replicated","existence":"stored"}""", false)]
    public void A_file_that_has_come_further_counts_as_long_as_the_facet_holds(string wanted, string file, bool holds)
    {
        using var document = JsonDocument.Parse(file);

        Assert.Equal(holds, FileWait.Holds(document.RootElement, wanted));
    }

    [Fact]
    public async Task Watching_prints_the_transitions_of_that_file_alone()
    {
        using var stop = new CancellationTokenSource();
        await using var server = await FakeServer.Start(async (_, http) =>
        {
            await FakeServer.Events(http, "event: transition\ndata: {\"id\":\"s:2\"}\n\nevent: transition\ndata: {\"id\":\"s:1\",\"version\":7}\n\n");
            await FakeServer.UntilGone(http);
        });
        using var output = new SignalWriter("version", stop.Cancel);

        var ran = await Ran.With(new RunWith { Server = server.Url, Output = output, Stop = stop.Token }, "file", "watch", "s:1");

        Assert.Equal(["""{"id":"s:1","version":7}"""], ran.Lines);
    }
}
