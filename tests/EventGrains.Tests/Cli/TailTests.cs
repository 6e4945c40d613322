namespace EventGrains.Tests.Cli;

public sealed class TailTests
{
    [Fact]
    public async Task Comments_split_lines_and_other_events_are_understood()
    {
        await using var server = await FakeServer.Start(async (_, http) =>
        {
            await FakeServer.Events(http, "retry: 100\nid: 1-0--1\n\n: still here\n\nevent: other\ndata: {\"no\":1}\n\nid: 1-1-0\r\nevent: transition\r\ndata: {\"version\":\ndata: 1}\r\n\r\n");
            await FakeServer.UntilGone(http);
        });

        var ran = await Ran.Against(server, "events", "tail", "--count", "1");

        Assert.Equal(0, ran.ExitCode);
        Assert.Equal("{\"version\":\n1}\n", ran.Out);
        Assert.Empty(ran.Error);
    }

    [Fact]
    public async Task Filters_are_sent_as_they_were_given()
    {
        await using var server = await FakeServer.Start((_, http) => FakeServer.Events(http, "event: transition\ndata: {}\n\n"));

        await Ran.Against(server, "events", "tail", "--from", "earliest", "--path", "/a/**", "--path", "/b/*", "--kind", "stored", "--dataset", "run-1", "--count", "1");

        Assert.Equal("/v1/transitions?path=%2Fa%2F%2A%2A&path=%2Fb%2F%2A&dataset=run-1&kind=stored&from=earliest", Assert.Single(server.Asked).Target);
    }

    [Fact]
    public async Task After_a_broken_connection_it_goes_on_after_the_last_id_heartbeats_included()
    {
        var connections = 0;
        await using var server = await FakeServer.Start(async (_, http) =>
        {
            switch (Interlocked.Increment(ref connections))
            {
                case 1:
                    await FakeServer.Events(http, "id: 1-1-0\nevent: transition\ndata: {\"version\":1}\n\nid: 1-2-0\nevent: transition\ndata: {\"never");
                    break;
                case 2:
                    await FakeServer.Json(http, "{}", 503);
                    break;
                case 3:
                    await FakeServer.Events(http, ": still here\nid: 1-9--1\n\n");
                    break;
                default:
                    await FakeServer.Events(http, "id: 1-10-0\nevent: transition\ndata: {\"version\":2}\n\n");
                    await FakeServer.UntilGone(http);
                    break;
            }
        });

        var ran = await Ran.Against(server, "events", "tail", "--count", "2");

        Assert.Equal(["""{"version":1}""", """{"version":2}"""], ran.Lines);
        Assert.Equal([null, "1-1-0", "1-1-0", "1-9--1"], server.Asked.Select(a => a.LastEventId));
    }

    [Fact]
    public async Task A_gap_is_told_on_stderr_so_that_stdout_holds_transitions_alone()
    {
        await using var server = await FakeServer.Start((_, http) =>
            FakeServer.Events(http, "id: 1-5--1\nevent: gap\ndata: {\"from\":\"1-1-0\",\"to\":\"1-5--1\"}\n\nevent: transition\ndata: {\"version\":1}\n\n"));

        var ran = await Ran.Against(server, "events", "tail", "--count", "1");

        Assert.Equal(["""{"version":1}"""], ran.Lines);
        Assert.Contains("1-1-0 to 1-5--1", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_lost_server_that_does_not_come_back_is_exit_code_4()
    {
        var connections = 0;
        await using var server = await FakeServer.Start((_, http) => Interlocked.Increment(ref connections) == 1
            ? FakeServer.Events(http, "event: transition\ndata: {\"version\":1}\n\n")
            : FakeServer.Json(http, "{}", 503));

        var ran = await Ran.Against(server, "events", "tail", "--retry-for", "1ms");

        Assert.Equal(4, ran.ExitCode);
        Assert.Single(ran.Lines);
    }

    [Fact]
    public async Task Being_told_to_stop_ends_a_tail_well()
    {
        using var stop = new CancellationTokenSource();
        await using var server = await FakeServer.Start(async (_, http) =>
        {
            await FakeServer.Events(http, ": here\n\n");
            await stop.CancelAsync();
            await FakeServer.UntilGone(http);
        });

        var ran = await Ran.With(new RunWith { Server = server.Url, Stop = stop.Token }, "events", "tail");

        Assert.Equal(0, ran.ExitCode);
    }
}
