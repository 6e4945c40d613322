using System.Net;
using EventGrains.Files;
using Microsoft.Extensions.Time.Testing;

namespace EventGrains.Tests.Gateway;

public sealed class TransitionStreamTests
{
    [Fact]
    public async Task A_client_sees_what_happens_after_it_came_in_its_order()
    {
        await using var host = await GatewayHost.Start();
        host.Log.Add("lab:before");
        using var client = await SseClient.Follow(host);

        host.Log.Add("lab:A1", "/runs/a.h5", TransitionKind.Replicated);
        host.Log.Add("lab:A2");

        var (name, data) = await client.Next();
        Assert.Equal("transition", name);
        Assert.Equal("1-2-0", client.LastId);
        Assert.Equal(
            """{"index":2,"id":"lab:A1","storage":"lab","path":"/runs/a.h5","version":1,"kind":"replicated","changes":["replicated"],"status":"stored","existence":"stored","locality":"disk","size":42,"at":"2026-01-02T03:04:05Z","cause":{"source":"lab","type":"transfer"}}""",
            data.GetRawText());
        Assert.Equal(["lab:A2"], await client.NextFiles(1));
        Assert.Equal("no-store", client.Response.Headers.CacheControl?.ToString());
        Assert.Equal("no", client.Response.Headers.GetValues("X-Accel-Buffering").Single());
    }

    [Fact]
    public async Task From_earliest_begins_with_what_is_kept()
    {
        await using var host = await GatewayHost.Start();
        host.Log.Add("lab:A1");
        host.Log.Add("lab:A2");

        using var client = await SseClient.Follow(host, "?from=earliest");

        Assert.Equal(["lab:A1", "lab:A2"], await client.NextFiles(2));
    }

    [Fact]
    public async Task A_client_that_comes_back_sees_each_transition_once()
    {
        await using var host = await GatewayHost.Start();
        string? lastId;
        using (var first = await SseClient.Follow(host))
        {
            host.Log.Add("lab:A1");
            host.Log.Add("lab:A2");
            await first.NextFiles(1);
            lastId = first.LastId;
        }

        host.Log.Add("lab:A3");
        using var again = await SseClient.Follow(host, "?from=earliest", lastId);
        host.Log.Add("lab:A4");

        Assert.Equal(["lab:A2", "lab:A3", "lab:A4"], await again.NextFiles(3));
    }

    [Fact]
    public async Task A_client_that_went_before_it_saw_anything_comes_back_to_where_it_began()
    {
        await using var host = await GatewayHost.Start();
        using var first = await SseClient.Follow(host);
        host.Log.Add("lab:A1");

        using var again = await SseClient.Follow(host, lastId: first.LastId);

        Assert.Equal(["lab:A1"], await again.NextFiles(1));
    }

    [Fact]
    public async Task Who_is_far_behind_reads_the_log_and_joins_the_others_without_gap_or_repeat()
    {
        await using var host = await GatewayHost.Start(s => (s.TailRingMax, s.TailPageMax, s.SseBatchMax) = (16, 10, 3));
        using var live = await SseClient.Follow(host);
        string[] files = [.. Enumerable.Range(0, 500).Select(i => $"lab:F{i}")];
        foreach (var file in files[..400])
        {
            host.Log.Add(file);
        }

        using var late = await SseClient.Follow(host, "?from=earliest");
        var early = await late.NextFiles(100);
        foreach (var file in files[400..])
        {
            host.Log.Add(file);
        }

        Assert.Equal(files, early.Concat(await late.NextFiles(400)));
        Assert.Equal(files, await live.NextFiles(500));
    }

    [Fact]
    public async Task One_reader_of_the_log_serves_all_clients()
    {
        await using var host = await GatewayHost.Start();
        using var a = await SseClient.Follow(host);
        using var b = await SseClient.Follow(host, "?kind=stored");
        using var c = await SseClient.Follow(host, "?from=earliest");

        for (var i = 0; i < 20; i++)
        {
            host.Log.Add($"lab:F{i}");
            foreach (var client in new[] { a, b, c })
            {
                Assert.Equal([$"lab:F{i}"], await client.NextFiles(1));
            }
        }

        Assert.Equal(1, host.Log.WaitingMax);
    }

    [Fact]
    public async Task Filters_of_one_sort_widen_and_of_two_sorts_narrow()
    {
        await using var host = await GatewayHost.Start();
        using var client = await SseClient.Follow(host, "?kind=stored&kind=deleted&dataset=run-1&dataset=run-2");

        host.Log.Add("lab:A1", null, TransitionKind.Stored, "run-1");
        host.Log.Add("lab:A2", null, TransitionKind.Evicted, "run-1");
        host.Log.Add("lab:A3", null, TransitionKind.Stored, "run-3");
        host.Log.Add("lab:A4", null, TransitionKind.Deleted, "run-3", "run-2");

        Assert.Equal(["lab:A1", "lab:A4"], await client.NextFiles(2));
    }

    [Fact]
    public async Task A_path_filter_passes_what_lies_under_it_and_no_file_without_a_path()
    {
        await using var host = await GatewayHost.Start();
        using var client = await SseClient.Follow(host, "?path=/runs/1/**&path=/cal/*.h5");

        host.Log.Add("lab:A1");
        host.Log.Add("lab:A2", "/runs/2/x");
        host.Log.Add("lab:A3", "/runs/1/a/b");
        host.Log.Add("lab:A4", "/cal/c.h5");

        Assert.Equal(["lab:A3", "lab:A4"], await client.NextFiles(2));
    }

    [Fact]
    public async Task What_is_no_longer_kept_is_a_gap_and_then_it_goes_on()
    {
        await using var host = await GatewayHost.Start();
        for (var i = 1; i <= 10; i++)
        {
            host.Log.Add($"lab:F{i}");
        }

        host.Log.DropAllBut(2);
        using var client = await SseClient.Follow(host, lastId: "1-3-0");

        var (name, gap) = await client.Next();
        Assert.Equal("gap", name);
        Assert.Equal(("1-3-0", "1-8-0"), (gap.GetProperty("from").GetString(), gap.GetProperty("to").GetString()));
        Assert.Equal("1-8-0", client.LastId);
        Assert.Equal(["lab:F9", "lab:F10"], await client.NextFiles(2));
    }

    [Fact]
    public async Task A_cursor_of_another_history_gets_a_gap()
    {
        await using var host = await GatewayHost.Start();
        host.Log.History = 2;
        host.Log.Add("lab:A1");
        using var client = await SseClient.Follow(host, lastId: "1-900-0");

        Assert.Equal("gap", (await client.Next()).Event);
        Assert.Equal(["lab:A1"], await client.NextFiles(1));
    }

    [Fact]
    public async Task A_log_that_was_away_for_a_while_costs_no_transition()
    {
        await using var host = await GatewayHost.Start();
        using var client = await SseClient.Follow(host);
        host.Log.Add("lab:A1");
        await client.NextFiles(1);

        host.Log.Fails = new InvalidOperationException("away");
        host.Log.Add("lab:A2");
        host.Log.Fails = null;
        host.Log.Add("lab:A3");

        Assert.Equal(["lab:A2", "lab:A3"], await client.NextFiles(2));
    }

    [Fact]
    public async Task Every_15_seconds_a_comment_says_that_we_are_here_and_moves_the_id_past_what_did_not_match()
    {
        var time = new FakeTimeProvider();
        await using var host = await GatewayHost.Start(time: time);
        using var client = await SseClient.Follow(host, "?kind=deleted");
        var passed = host.Log.Add("lab:A1");

        var block = client.NextBlock();
        while (client.LastId != passed.ToString())
        {
            // The stream may not have begun to wait yet; then it looks at the clock when it does.
            time.Advance(TimeSpan.FromSeconds(15));
            if (await Task.WhenAny(block, Task.Delay(5)) == block)
            {
                Assert.Null((await block).Data);
                block = client.LastId == passed.ToString() ? block : client.NextBlock();
            }
        }
    }

    [Theory]
    [InlineData("", "nonsense")]
    [InlineData("", "1-2")]
    [InlineData("", "1-2--7")]
    [InlineData("?from=tomorrow", null)]
    [InlineData("?kind=exploded", null)]
    [InlineData("?knd=stored", null)]
    public async Task What_cannot_be_meant_is_400(string query, string? lastId)
    {
        await using var host = await GatewayHost.Start();
        var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/transitions{query}");
        if (lastId is not null)
        {
            request.Headers.TryAddWithoutValidation("Last-Event-ID", lastId);
        }

        var (status, problem, _) = await GatewayHost.Read(await host.Client.SendAsync(request));

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.False(string.IsNullOrEmpty(problem.GetProperty("remedy").GetString()));
    }

    [Fact]
    public async Task One_client_more_than_allowed_is_503_until_another_has_gone()
    {
        await using var host = await GatewayHost.Start(s => s.SseClientsMax = 1);
        using (await SseClient.Follow(host))
        {
            var (status, _, headers) = await host.Get("/v1/transitions");

            Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
            Assert.NotNull(headers.RetryAfter);
        }

        HttpResponseMessage response;
        do
        {
            // The server notices in its own time that the other has gone.
            response = await host.Client.GetAsync("/v1/transitions", HttpCompletionOption.ResponseHeadersRead);
        }
        while (response.StatusCode == HttpStatusCode.ServiceUnavailable);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        response.Dispose();
    }

    [Fact]
    public async Task A_server_that_stops_ends_the_streams()
    {
        var host = await GatewayHost.Start();
        using var client = await SseClient.Follow(host);

        var stopping = host.DisposeAsync();

        await Assert.ThrowsAnyAsync<Exception>(client.NextBlock);
        await stopping;
    }
}
