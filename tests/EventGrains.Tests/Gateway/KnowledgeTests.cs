using System.Collections.Immutable;
using System.Net;
using System.Text.Json;
using EventGrains.Contracts.Datasets;
using EventGrains.Contracts.Shards;
using EventGrains.Contracts.Sources;
using EventGrains.Contracts.Status;
using EventGrains.Contracts.Transitions;
using EventGrains.Files;

namespace EventGrains.Tests.Gateway;

public sealed class KnowledgeTests
{
    private static readonly DateTime Noon = new(2026, 1, 1, 12, 0, 0, DateTimeKind.Utc);

    [Fact]
    public async Task A_file_is_told_as_pinned()
    {
        await using var host = await GatewayHost.Start();
        host.Known.Files.Add(Rich());

        var (status, body, _) = await host.Get("/v1/files/lab%3AA1");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(
            """
            {"id":"lab:A1","storage":"lab","path":"/runs/1/ä.h5","status":"replicated","existence":"stored","locality":"both","size":42,
            "checksums":{"adler32":"0a1b2c3d","md5":"aa"},"checksumConflicts":{"adler32":["0a1b2c3d","ffffffff"]},
            "replicas":[{"storage":"lab","pool":"pool-a","state":"present","checksum":"adler32:0a1b2c3d","at":"2026-01-01T12:00:00Z"},
            {"storage":"mirror","path":"/1/a b.h5","url":"file:///data/mirror/1/a%20b.h5","state":"present","at":"2026-01-01T12:00:00Z"}],
            "tapeCopies":["osm://tape/1"],"steps":[{"rule":"mirror","action":"replicate","state":"failed","attempts":3,"error":"full","at":"2026-01-01T12:00:00Z"}],
            "datasets":["run-1"],"incarnation":null,"version":4,"updatedAt":"2026-01-01T12:00:00Z"}
            """.ReplaceLineEndings(""),
            body.GetRawText());
    }

    [Fact]
    public async Task A_file_of_which_little_is_known_says_null()
    {
        await using var host = await GatewayHost.Start();
        host.Known.Files.Add(FileState.New(FileId.Parse("lab:A1"), 1));

        var (_, body, _) = await host.Get("/v1/files/lab:A1");

        Assert.Equal(JsonValueKind.Null, body.GetProperty("path").ValueKind);
        Assert.Equal(JsonValueKind.Null, body.GetProperty("size").ValueKind);
        Assert.Equal("unknown", body.GetProperty("status").GetString());
        Assert.Equal(0, body.GetProperty("replicas").GetArrayLength());
    }

    [Theory]
    [InlineData("s3:bucket/a b/c", "s3%3Abucket%2Fa%20b%2Fc")]
    [InlineData("s3:bucket/a b/c", "s3:bucket/a%20b/c")]
    [InlineData("s3:bucket/a%2Fb", "s3%3Abucket%2Fa%252Fb")]
    [InlineData("s3:bucket/ä+?#", "s3%3Abucket%2F%C3%A4%2B%3F%23")]
    [InlineData("s3:bucket/../x", "s3%3Abucket%2F..%2Fx")]
    public async Task An_id_is_read_as_it_was_percent_encoded(string id, string written)
    {
        await using var host = await GatewayHost.Start();
        host.Known.Files.Add(FileState.New(FileId.Parse(id), 1));

        var (status, body, _) = await host.Get($"/v1/files/{written}");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(id, body.GetProperty("id").GetString());
        Assert.Equal(HttpStatusCode.OK, (await host.Get($"/v1/files/{written.Replace("/", "%2F", StringComparison.Ordinal)}/history")).Status);
    }

    [Fact]
    public async Task A_file_is_found_by_its_path_and_the_live_one_wins()
    {
        await using var host = await GatewayHost.Start();
        host.Known.Files.Add(At("lab:OLD", "/a/b", Existence.Deleted));
        host.Known.Files.Add(At("lab:NEW", "/a/b", Existence.Stored));

        var (_, encoded, _) = await host.Get("/v1/files/lab%3A%2Fa%2Fb");
        var (_, plain, _) = await host.Get("/v1/files/lab:/a/b");

        Assert.Equal("lab:NEW", encoded.GetProperty("id").GetString());
        Assert.Equal("lab:NEW", plain.GetProperty("id").GetString());
    }

    [Fact]
    public async Task Several_live_files_at_one_path_are_409_and_named()
    {
        await using var host = await GatewayHost.Start();
        host.Known.Files.Add(At("lab:A1", "/a/b", Existence.Stored));
        host.Known.Files.Add(At("lab:A2", "/a/b", Existence.Uploading));

        var (status, body, _) = await host.Get("/v1/files/lab%3A%2Fa%2Fb");

        Assert.Equal(HttpStatusCode.Conflict, status);
        Assert.Equal(["lab:A1", "lab:A2"], body.GetProperty("candidates").EnumerateArray().Select(c => c.GetString()));
    }

    [Theory]
    [InlineData("lab%3AA1", HttpStatusCode.NotFound)]
    [InlineData("lab%3A%2Fa", HttpStatusCode.NotFound)]
    [InlineData("nonsense", HttpStatusCode.BadRequest)]
    public async Task A_file_that_is_not_known_is_a_problem_with_a_remedy(string name, HttpStatusCode expected)
    {
        await using var host = await GatewayHost.Start();

        var response = await host.Client.GetAsync($"/v1/files/{name}");
        var (status, body, _) = await GatewayHost.Read(response);

        Assert.Equal(expected, status);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.All(["title", "detail", "remedy"], part => Assert.False(string.IsNullOrEmpty(body.GetProperty(part).GetString())));
    }

    [Fact]
    public async Task Lists_go_on_where_the_page_before_ended()
    {
        await using var host = await GatewayHost.Start();
        host.Known.Files.AddRange(Enumerable.Range(0, 25).Select(i => FileState.New(FileId.Parse($"lab:F{i}"), i)));
        var seen = new List<string>();

        for (var after = ""; after is not null;)
        {
            var (_, page, _) = await host.Get($"/v1/files?limit=10&after={after}");
            seen.AddRange(page.GetProperty("items").EnumerateArray().Select(f => f.GetProperty("id").GetString()!));
            after = page.GetProperty("next").GetString();
        }

        Assert.Equal(Enumerable.Range(0, 25).Select(i => $"lab:F{i}"), seen);
    }

    [Fact]
    public async Task Filters_reach_the_list()
    {
        await using var host = await GatewayHost.Start();

        await host.Get("/v1/files?path=/a/**&storage=lab&status=replicated&dataset=run-1&stepState=failed&rule=mirror&limit=7");

        var query = host.Known.Asked.Single();
        Assert.Equal(("/a/**", "lab", FileStatus.Replicated, "run-1"), (query.Path, query.Storage, query.Status, query.Dataset));
        Assert.Equal((StepState.Failed, "mirror", 7), (query.StepState, query.Rule, query.Limit));
    }

    [Theory]
    [InlineData("limit=0")]
    [InlineData("limit=1001")]
    [InlineData("limit=ten")]
    [InlineData("status=gone")]
    [InlineData("staus=stored")]
    [InlineData("status=stored&status=lost")]
    [InlineData("path=relative/**")]
    [InlineData("after=nonsense")]
    public async Task A_query_that_cannot_be_meant_is_400(string query)
    {
        await using var host = await GatewayHost.Start();

        var (status, body, _) = await host.Get($"/v1/files?{query}");

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.False(string.IsNullOrEmpty(body.GetProperty("remedy").GetString()));
    }

    [Fact]
    public async Task History_is_paged_by_version()
    {
        await using var host = await GatewayHost.Start();
        host.Known.Files.Add(FileState.New(FileId.Parse("lab:A1"), 1));
        host.Known.History.AddRange(Enumerable.Range(1, 3).Select(v =>
            new LoggedTransition(new Cursor(1, v * 10, 0), FakeLog.TransitionOf("lab:A1") with { Version = v, Rule = "mirror", Step = "replicate", StepState = StepState.Done })));

        var (_, first, _) = await host.Get("/v1/files/lab%3AA1/history?limit=2");
        var (_, second, _) = await host.Get($"/v1/files/lab%3AA1/history?limit=2&after={first.GetProperty("next").GetString()}");

        Assert.Equal([1, 2], first.GetProperty("items").EnumerateArray().Select(t => t.GetProperty("version").GetInt32()));
        Assert.Equal([3], second.GetProperty("items").EnumerateArray().Select(t => t.GetProperty("version").GetInt32()));
        Assert.Equal(JsonValueKind.Null, second.GetProperty("next").ValueKind);
        Assert.Equal("done", second.GetProperty("items")[0].GetProperty("stepState").GetString());
    }

    [Fact]
    public async Task Steps_are_listed_with_their_file_and_failed_ones_can_wait_again()
    {
        await using var host = await GatewayHost.Start();
        host.Known.Files.Add(Rich());

        var (_, steps, _) = await host.Get("/v1/steps?state=failed");
        var (_, none, _) = await host.Get("/v1/steps?state=failed&rule=other");
        var (_, retried, _) = await host.Post("/v1/files/lab%3AA1/steps/retry?rule=mirror", "", null);

        var step = steps.GetProperty("items")[0];
        Assert.Equal(("lab:A1", "/runs/1/ä.h5", "full"), (step.GetProperty("file").GetString(), step.GetProperty("path").GetString(), step.GetProperty("error").GetString()));
        Assert.Equal(0, none.GetProperty("items").GetArrayLength());
        Assert.Equal(2, retried.GetProperty("retried").GetInt32());
        Assert.Equal(["retry lab:A1 mirror"], host.Known.Commands);
    }

    [Fact]
    public async Task A_dataset_tells_its_counts_and_recounts_at_one_commit()
    {
        await using var host = await GatewayHost.Start();
        host.Known.Datasets.Add(Counts("run 1/a", 3));

        var (_, plain, _) = await host.Get("/v1/datasets/run%201%2Fa");
        var (_, both, _) = await host.Get("/v1/datasets/run%201%2Fa?recount=true");

        Assert.Equal((3, 3, 0), (plain.GetProperty("files").GetInt32(), plain.GetProperty("counts").GetProperty("stored").GetInt32(), plain.GetProperty("counts").GetProperty("lost").GetInt32()));
        Assert.False(plain.TryGetProperty("recount", out _));
        Assert.Equal(3, both.GetProperty("recount").GetProperty("files").GetInt32());
        Assert.Equal(7, both.GetProperty("commitIndex").GetInt32());
        Assert.Equal(HttpStatusCode.NotFound, (await host.Get("/v1/datasets/none")).Status);
    }

    [Fact]
    public async Task Datasets_are_paged_by_name()
    {
        await using var host = await GatewayHost.Start();
        host.Known.Datasets.AddRange([Counts("a", 1), Counts("b", 1), Counts("c", 1)]);

        var (_, first, _) = await host.Get("/v1/datasets?limit=2");
        var (_, second, _) = await host.Get("/v1/datasets?limit=2&after=b");

        Assert.Equal("b", first.GetProperty("next").GetString());
        Assert.Equal("c", second.GetProperty("items")[0].GetProperty("name").GetString());
        Assert.Equal(JsonValueKind.Null, second.GetProperty("next").ValueKind);
    }

    [Fact]
    public async Task A_source_that_does_not_answer_hides_no_other()
    {
        await using var host = await GatewayHost.Start();
        host.Known.Sources["lab"] = () => throw new InvalidOperationException("no silo");
        host.Known.Sources["tail"] = Tail;

        var (status, body, _) = await host.Get("/v1/sources");

        Assert.Equal(HttpStatusCode.OK, status);
        var (lab, tail) = (body.GetProperty("items")[0], body.GetProperty("items")[1]);
        Assert.Equal("stopped", lab.GetProperty("state").GetString());
        Assert.Contains("no silo", lab.GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Equal("paused", tail.GetProperty("state").GetString());
        Assert.Equal(60, tail.GetProperty("partitions")[0].GetProperty("lagBytes").GetInt32());
    }

    [Theory]
    [InlineData("""{"partition": "p", "to": "earliest"}""", "seek tail p Earliest 0")]
    [InlineData("""{"partition": "p", "to": "latest"}""", "seek tail p Latest 0")]
    [InlineData("""{"partition": "p", "to": 40}""", "seek tail p Position 40")]
    [InlineData("""{"partition": "p", "to": "40"}""", "seek tail p Position 40")]
    public async Task A_partition_is_moved_to_a_place(string body, string command)
    {
        await using var host = await GatewayHost.Start();
        host.Known.Sources["tail"] = Tail;

        var (status, answer, _) = await host.Post("/v1/sources/tail/seek", body, "application/json");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("tail", answer.GetProperty("name").GetString());
        Assert.Equal([command], host.Known.Commands);
    }

    [Theory]
    [InlineData("/v1/sources/tail/seek", """{"partition": "p", "to": "yesterday"}""", HttpStatusCode.BadRequest)]
    [InlineData("/v1/sources/tail/seek", """{"partition": "p", "to": -1}""", HttpStatusCode.BadRequest)]
    [InlineData("/v1/sources/tail/seek", """{"partition": "p"}""", HttpStatusCode.BadRequest)]
    [InlineData("/v1/sources/tail/seek", """{"to": "latest"}""", HttpStatusCode.BadRequest)]
    [InlineData("/v1/sources/tail/seek", "{", HttpStatusCode.BadRequest)]
    [InlineData("/v1/sources/lab/seek", """{"partition": "p", "to": "latest"}""", HttpStatusCode.Conflict)]
    [InlineData("/v1/sources/nowhere/resume", "{}", HttpStatusCode.NotFound)]
    public async Task A_command_that_cannot_be_meant_changes_nothing(string path, string body, HttpStatusCode expected)
    {
        await using var host = await GatewayHost.Start();

        var (status, problem, _) = await host.Post(path, body, "application/json");

        Assert.Equal(expected, status);
        Assert.False(string.IsNullOrEmpty(problem.GetProperty("remedy").GetString()));
        Assert.Empty(host.Known.Commands);
    }

    [Fact]
    public async Task A_place_that_a_source_does_not_have_is_409_with_what_it_has()
    {
        await using var host = await GatewayHost.Start();
        host.Known.Refuses = "source 'tail' has no partition 'q'; it has: p";

        var (status, problem, _) = await host.Post("/v1/sources/tail/seek", """{"partition": "q", "to": "earliest"}""", "application/json");

        Assert.Equal(HttpStatusCode.Conflict, status);
        Assert.Contains("it has: p", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_paused_source_goes_on_with_or_without_a_body()
    {
        await using var host = await GatewayHost.Start();
        host.Known.Sources["tail"] = Tail;

        await host.Post("/v1/sources/tail/resume", "", null);
        await host.Post("/v1/sources/tail/resume", """{"skipUnreadable": true}""", "application/json");

        Assert.Equal(["resume tail False", "resume tail True"], host.Known.Commands);
    }

    [Fact]
    public async Task Dead_letters_keep_their_bytes()
    {
        await using var host = await GatewayHost.Start();
        host.Known.DeadLetters.Add(new DeadLetter("tail", "/var/log/a", 1, 77, "not JSON", [0, 255], Noon));

        var (_, list, _) = await host.Get("/v1/dead-letters");
        var (_, one, _) = await host.Get($"/v1/dead-letters/{Uri.EscapeDataString(list.GetProperty("items")[0].GetProperty("id").GetString()!)}");

        Assert.Equal("AP8=", one.GetProperty("bytesBase64").GetString());
        Assert.Equal(77, one.GetProperty("position").GetInt32());
        Assert.Equal(HttpStatusCode.NotFound, (await host.Get("/v1/dead-letters/x")).Status);
    }

    [Fact]
    public async Task The_schema_of_rule_files_is_served()
    {
        await using var host = await GatewayHost.Start();

        var (status, schema, _) = await host.Get("/schemas/rules/v1.json");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.True(schema.TryGetProperty("$schema", out _));
    }

    [Fact]
    public async Task Status_puts_all_together_and_readiness_gives_the_reason()
    {
        await using var host = await GatewayHost.Start();
        host.Known.Status = host.Known.Status with
        {
            Ready = false,
            Rules = [new RuleView("mirror", "ab", 100, 2, 1, """{"do":[]}""")],
            Unhealthy = [new Trouble("the store", "the disk is full", "make room")],
        };
        host.Known.Sources["lab"] = host.Known.Sources["tail"] = Tail;

        var (_, status, _) = await host.Get("/v1/status");
        var (code, ready, _) = await host.Get("/healthz/ready");

        Assert.Equal(["version", "ready", "store", "shards", "files", "sources", "datasets", "datasetsNext", "rules", "unhealthy", "silos", "owners"], status.EnumerateObject().Select(p => p.Name));
        Assert.Equal("""{"do":[]}""", status.GetProperty("rules")[0].GetProperty("spec").GetRawText());
        Assert.Equal("make room", status.GetProperty("unhealthy")[0].GetProperty("do").GetString());
        Assert.Equal("""{"shard":0,"silo":"silo-1","epoch":3,"since":"2026-11-28T12:00:00Z"}""", status.GetProperty("owners")[0].GetRawText());
        Assert.Equal(HttpStatusCode.ServiceUnavailable, code);
        Assert.Contains("disk is full", ready.GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await host.Get("/healthz/live")).Status);
    }

    [Fact]
    public async Task While_the_store_is_away_questions_are_503_with_the_reason_and_status_still_answers()
    {
        await using var host = await GatewayHost.Start();
        host.Known.Away = "the store in /data is not open: its disk is read-only";
        host.Known.Sources["lab"] = host.Known.Sources["tail"] = Tail;

        var (files, problem, headers) = await host.Get("/v1/files");
        var (code, status, _) = await host.Get("/v1/status");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, files);
        Assert.Contains("disk is read-only", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.NotNull(headers.RetryAfter);
        Assert.Equal(HttpStatusCode.OK, code);
        Assert.Equal(0, status.GetProperty("datasets").GetArrayLength());
    }

    private static SourceView Tail() => new("tail", "log", "words", "lab", SourceState.Paused, "unreadable", [new PartitionView("p", 1, 40, 100, 2.04)]);

    private static DatasetCounts Counts(string name, long stored) =>
        new(name, stored, ImmutableDictionary<FileStatus, long>.Empty.Add(FileStatus.Stored, stored), 10, Noon);

    private static FileState At(string id, string path, Existence existence) => FileState.New(FileId.Parse(id), 1) with
    {
        Facts = new FileFacts { Existence = new ExistenceRegister(existence), Path = new PathRegister(PathRank.Namespace, Noon, path) },
    };

    private static FileState Rich() => FileState.New(FileId.Parse("lab:A1"), 1) with
    {
        Version = 4,
        UpdatedAt = Noon,
        Datasets = ["run-1"],
        Facts = new FileFacts
        {
            Existence = new ExistenceRegister(Existence.Stored),
            Size = new SizeRegister(42),
            Path = new PathRegister(PathRank.Namespace, Noon, "/runs/1/ä.h5"),
            Checksums = [new Checksum("adler32", "0a1b2c3d"), new Checksum("adler32", "ffffffff"), new Checksum("md5", "aa")],
            TapeCopies = ["osm://tape/1"],
            Replicas =
            [
                new Replica("lab", "pool-a", null, Noon, ReplicaState.Present, new Checksum("adler32", "0a1b2c3d")),
                new Replica("mirror", null, "/1/a b.h5", Noon, ReplicaState.Present),
            ],
        },
        Steps = [new Step { Key = new StepKey("mirror", "ab", 0, Incarnation.None), Action = "replicate", State = StepState.Failed, Attempts = 3, Error = "full", At = Noon }],
    };
}
