using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace EventGrains.Tests.Cli;

public sealed class AnswersTests
{
    private const string Files = """{ "items": [{"id":"s:1","storage":"s","path":"/a","status":"stored","size":2048},{"id":"s:2","storage":"s","path":null,"status":"lost"}],  "next": null }""";

    [Fact]
    public async Task Json_is_the_answer_as_the_server_wrote_it_and_nothing_else()
    {
        await using var server = await FakeServer.Start(Files);

        var ran = await Ran.Against(server, "file", "list", "-o", "json");

        Assert.Equal(0, ran.ExitCode);
        Assert.Equal(Files + "\n", ran.Out);
        Assert.Empty(ran.Error);
    }

    [Fact]
    public async Task Json_lines_go_through_all_pages_one_item_a_line()
    {
        await using var server = await FakeServer.Start((asked, http) => FakeServer.Json(http, asked.Target switch
        {
            "/v1/files?path=%2Fd%2F%2A%2A&status=lost&limit=1000" => """{"items":[{"id":"s:1"},{"id":"s:2"}],"next":"c/1"}""",
            "/v1/files?path=%2Fd%2F%2A%2A&status=lost&limit=1000&after=c%2F1" => """{"items":[],"next":"c/2"}""",
            "/v1/files?path=%2Fd%2F%2A%2A&status=lost&limit=1000&after=c%2F2" => """{"items":[{"id":"s:3"}],"next":null}""",
            _ => throw new InvalidOperationException(asked.Target),
        }));

        var ran = await Ran.Against(server, "file", "list", "--path", "/d/**", "--status", "lost", "-o", "jsonl");

        Assert.Equal(["""{"id":"s:1"}""", """{"id":"s:2"}""", """{"id":"s:3"}"""], ran.Lines);
    }

    [Fact]
    public async Task A_limit_ends_the_list_within_a_page()
    {
        await using var server = await FakeServer.Start("""{"items":[{"id":"s:1"},{"id":"s:2"},{"id":"s:3"}],"next":"more"}""");

        var ran = await Ran.Against(server, "file", "list", "--limit", "2", "-o", "jsonl");

        Assert.Equal(2, ran.Lines.Length);
        Assert.Equal("/v1/files?limit=2", Assert.Single(server.Asked).Target);
    }

    [Fact]
    public async Task A_table_has_one_line_per_item_whatever_the_names()
    {
        await using var server = await FakeServer.Start("""{"items":[{"id":"s:1","storage":"s","path":"/new\nline\u001b[31m\u202e","status":"stored","size":2048}],"next":null}""");

        var ran = await Ran.Against(server, "file", "list");

        Assert.Equal(2, ran.Lines.Length);
        Assert.StartsWith("FILE", ran.Lines[0], StringComparison.Ordinal);
        Assert.Contains(@"s:/new\nline\u001b[31m\u202e", ran.Lines[1], StringComparison.Ordinal);
        Assert.Contains("2.0 KiB", ran.Lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_id_reaches_the_server_percent_encoded()
    {
        await using var server = await FakeServer.Start("""{"id":"s3:bucket/a b"}""");

        await Ran.Against(server, "file", "get", "s3:bucket/a b");

        Assert.Equal("/v1/files/s3%3Abucket%2Fa%20b", Assert.Single(server.Asked).Target);
    }

    [Theory]
    [InlineData(400, 2)]
    [InlineData(404, 3)]
    [InlineData(409, 3)]
    [InlineData(401, 1)]
    [InlineData(500, 1)]
    [InlineData(503, 1)]
    public async Task An_error_of_the_server_ends_with_its_exit_code_and_says_the_remedy(int status, int exitCode)
    {
        await using var server = await FakeServer.Start("""{"title":"It broke","detail":"because","remedy":"Do this."}""", status);

        var ran = await Ran.Against(server, "file", "get", "s:1", "-o", "json");

        Assert.Equal(exitCode, ran.ExitCode);
        Assert.Empty(ran.Out);
        Assert.Equal("It broke: because\nDo this.\n", ran.Error);
    }

    [Fact]
    public async Task An_error_that_repeats_a_hostile_name_moves_no_cursor_and_adds_no_line()
    {
        await using var server = await FakeServer.Start("""{"title":"Not found","detail":"no file is known at /a\n\u001b[31m\u202e","remedy":"Look."}""", 404);

        var ran = await Ran.Against(server, "file", "get", "s:1");

        Assert.Equal("Not found: no file is known at /a\\n\\u001b[31m\\u202e\nLook.\n", ran.Error);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_exit_code_4()
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));

        var ran = await Ran.Of("status", "--server", $"http://{socket.LocalEndPoint}");

        Assert.Equal(4, ran.ExitCode);
        Assert.Contains("eventgrains dev", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_of_the_environment_is_sent_along()
    {
        await using var server = await FakeServer.Start("{}");

        await Ran.With(new RunWith { Server = server.Url, Environment = { ["EVENTGRAINS_TOKEN"] = "secret-secret" } }, "status", "-o", "json");

        Assert.Equal("Bearer secret-secret", Assert.Single(server.Asked).Authorization);
    }

    [Fact]
    public async Task Commands_are_sent_as_the_server_takes_them()
    {
        await using var server = await FakeServer.Start("{}");

        await Ran.Against(server, "source", "seek", "bil ling", "--partition", "7", "--to", "1024");
        await Ran.Against(server, "source", "resume", "billing", "--skip-unreadable");
        await Ran.Against(server, "step", "retry", "s:1", "--rule", "mirror");
        await Ran.Against(server, "dead-letter", "get", "billing/7/1/2048");
        await Ran.Against(server, "parked-delivery", "retry", "3");
        await Ran.Against(server, "parked-delivery", "discard", "4");

        Assert.Equal(
            [
                ("POST", "/v1/sources/bil%20ling/seek", """{"partition":"7","to":"1024"}"""),
                ("POST", "/v1/sources/billing/resume", """{"skipUnreadable":true}"""),
                ("POST", "/v1/files/s%3A1/steps/retry?rule=mirror", ""),
                ("GET", "/v1/dead-letters/billing%2F7%2F1%2F2048", ""),
                ("POST", "/v1/parked-deliveries/3/retry", ""),
                ("POST", "/v1/parked-deliveries/4/discard", ""),
            ],
            server.Asked.Select(a => (a.Method, a.Target, a.Body)));
    }

    [Fact]
    public async Task A_path_is_looked_up_before_its_history_is_asked()
    {
        await using var server = await FakeServer.Start((asked, http) => FakeServer.Json(
            http,
            asked.Target == "/v1/files/s%3A%2Fa" ? """{"id":"s:1","path":"/a"}""" : """{"items":[{"version":1,"kind":"stored"}],"next":null}"""));

        var ran = await Ran.Against(server, "file", "history", "s:/a", "-o", "jsonl");

        Assert.Equal(["""{"version":1,"kind":"stored"}"""], ran.Lines);
        Assert.Equal("/v1/files/s%3A1/history?limit=1000", server.Asked.Last().Target);
    }

    [Theory]
    [InlineData("table", "inbox")]
    [InlineData("jsonl", """{"name":"inbox"}""")]
    [InlineData("json", """{"items":[{"name":"inbox"}]}""")]
    public async Task Sources_come_as_a_whole_and_are_asked_without_a_page(string format, string last)
    {
        await using var server = await FakeServer.Start("""{"items":[{"name":"inbox"}]}""");

        var ran = await Ran.Against(server, "source", "list", "-o", format);

        Assert.StartsWith(last, ran.Lines[^1], StringComparison.Ordinal);
        Assert.Equal("/v1/sources", Assert.Single(server.Asked).Target);
    }

    [Fact]
    public async Task A_rule_comes_from_the_status_and_one_that_is_not_there_is_exit_code_3()
    {
        await using var server = await FakeServer.Start("""{"rules":[{"name":"mirror","held":2}]}""");

        var there = await Ran.Against(server, "rule", "get", "mirror", "-o", "json");
        var listed = await Ran.Against(server, "rule", "list", "-o", "json");
        var missing = await Ran.Against(server, "rule", "get", "other");

        Assert.Equal(2, JsonDocument.Parse(there.Out).RootElement.GetProperty("held").GetInt32());
        Assert.Equal("mirror", JsonDocument.Parse(listed.Out).RootElement.GetProperty("items")[0].GetProperty("name").GetString());
        Assert.Equal(3, missing.ExitCode);
        Assert.Contains("mirror", missing.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_shows_all_parts_to_a_person()
    {
        await using var server = await FakeServer.Start("""
            {"version":"1.2","ready":true,"store":{"kind":"rocksdb","path":"/d","bytes":1024,"commitIndex":7,"schema":1},"shards":16,"files":3,
             "sources":[{"name":"inbox","type":"directory","format":"directory","storage":"inbox","state":"running","partitions":[{"partition":"p","lagBytes":5}]}],
             "datasets":[{"name":"run-1","files":2,"counts":{"stored":2},"bytes":10}],"rules":[{"name":"mirror"}],
             "unhealthy":[{"what":"disk","why":"full","do":"delete something"}],"owners":[{"shard":0,"silo":null,"epoch":1,"since":null}]}
            """);

        var ran = await Ran.Against(server, "status");

        Assert.All(["rocksdb  /d  1.0 KiB", "inbox", "run-1", "stored:2", "mirror", "delete something"], part => Assert.Contains(part, ran.Out, StringComparison.Ordinal));
        Assert.DoesNotContain("owners", ran.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_of_a_cluster_shows_who_owns_each_shard_since_when()
    {
        await using var server = await FakeServer.Start("""
            {"silos":[{"name":"silo-1","address":"S1","state":"active","shards":2}],
             "owners":[{"shard":0,"silo":"silo-1","epoch":3,"since":"2026-11-28T12:00:00Z"},{"shard":1,"silo":"silo-1","epoch":4,"since":null}]}
            """);

        var ran = await Ran.Against(server, "status");

        Assert.Matches(@"(?m)^0\s+silo-1\s+3\s+2026-11-28T12:00:00Z\s*$", ran.Out);
        Assert.Matches(@"(?m)^1\s+silo-1\s+4\s*$", ran.Out);
    }
}
