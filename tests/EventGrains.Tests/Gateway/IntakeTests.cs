using System.Net;
using System.Text;
using System.Text.Json;
using EventGrains.Contracts.Shards;
using EventGrains.Files;
using Microsoft.Extensions.Time.Testing;

namespace EventGrains.Tests.Gateway;

public sealed class IntakeTests
{
    private const string Events = "/v1/sources/lab/events";

    // Only a broken promise waits so long.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Each_shard_gets_its_events_once_and_in_their_order()
    {
        await using var host = await GatewayHost.Start();
        string[] files = [.. Enumerable.Range(0, 200).Select(i => $"F{i}")];

        var (status, body, _) = await host.Post(Events, string.Join('\n', files));

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(200, body.GetProperty("accepted").GetInt32());
        Assert.Equal(4, host.Shards.Applied.Select(a => a.Shard).Distinct().Count());
        Assert.Equal(4, host.Shards.Applied.Count);
        foreach (var (shard, batch) in host.Shards.Applied)
        {
            Assert.Equal("lab", batch.Source);
            Assert.Equal(files.Where(f => new FileId("lab", f).ShardOf(4) == shard), batch.Events.Select(e => e.File.Native));
        }
    }

    [Fact]
    public async Task Nobody_is_answered_before_every_shard_has_made_its_part_durable()
    {
        await using var host = await GatewayHost.Start();
        var durable = new TaskCompletionSource<ApplyAnswer>();
        var reached = new SemaphoreSlim(0);
        host.Shards.Answer = (shard, _) =>
        {
            reached.Release();
            return shard == new FileId("lab", "A1").ShardOf(4) ? durable.Task : Task.FromResult(new ApplyAnswer([]));
        };

        var answer = host.Post(Events, string.Join('\n', Enumerable.Range(0, 50).Select(i => $"F{i}").Append("A1")));
        for (var i = 0; i < 4; i++)
        {
            await reached.WaitAsync(Patience);
        }

        Assert.False(answer.IsCompleted);
        durable.SetResult(new ApplyAnswer([]));
        Assert.Equal(HttpStatusCode.OK, (await answer).Status);
    }

    [Fact]
    public async Task Unreadable_lines_are_named_and_the_others_kept()
    {
        await using var host = await GatewayHost.Start();

        var (status, body, _) = await host.Post(Events, "A1\r\n\n  \nbad one\nB2 C3\nthrow\nnothing");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal((3, 2, 0), (body.GetProperty("accepted").GetInt32(), body.GetProperty("rejected").GetInt32(), body.GetProperty("rejectionsOmitted").GetInt32()));
        var rejections = body.GetProperty("rejections").EnumerateArray().ToList();
        Assert.Equal([4, 6], rejections.Select(r => r.GetProperty("line").GetInt32()));
        Assert.Equal("word", rejections[0].GetProperty("field").GetString());
        Assert.Equal("write a good one", rejections[0].GetProperty("remedy").GetString());
        Assert.Equal(["A1", "B2", "C3"], host.Shards.Files.Order());
        Assert.Equal((3, 2), host.Known.Counted);
    }

    [Fact]
    public async Task A_hundred_rejections_are_listed_and_the_rest_counted()
    {
        await using var host = await GatewayHost.Start();

        var (_, body, _) = await host.Post(Events, string.Join('\n', Enumerable.Repeat("bad", 150).Concat(Enumerable.Repeat("A1", 150))));

        Assert.Equal((100, 50), (body.GetProperty("rejections").GetArrayLength(), body.GetProperty("rejectionsOmitted").GetInt32()));
    }

    [Fact]
    public async Task A_body_that_begins_with_a_byte_order_mark_is_read()
    {
        await using var host = await GatewayHost.Start();

        var (_, body, _) = await host.Post(Events, "\uFEFFA1\nB2\n");

        Assert.Equal(2, body.GetProperty("accepted").GetInt32());
        Assert.Equal(["A1", "B2"], host.Shards.Files.Order());
    }

    [Fact]
    public async Task What_a_shard_could_not_merge_is_a_rejection_of_its_line()
    {
        await using var host = await GatewayHost.Start();
        host.Shards.Answer = (_, batch) =>
            Task.FromResult(new ApplyAnswer([.. Enumerable.Range(0, batch.Events.Count).Where(i => batch.Events[i].File.Native.StartsWith('X'))]));

        var (status, body, _) = await host.Post(Events, "A1\nX1 X2 X3 X4 X5\nB2\nX6");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(2, body.GetProperty("accepted").GetInt32());
        Assert.Equal([2, 4], body.GetProperty("rejections").EnumerateArray().Select(r => r.GetProperty("line").GetInt32()));
    }

    [Fact]
    public async Task Of_a_body_in_the_wrong_format_nothing_is_stored()
    {
        await using var host = await GatewayHost.Start();

        var (status, body, _) = await host.Post(Events, string.Join('\n', Enumerable.Repeat("bad", 51).Concat(Enumerable.Repeat("A1", 49))));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, status);
        Assert.Contains("51 of 100", body.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Empty(host.Shards.Applied);
    }

    [Theory]
    [InlineData(50, 50)]
    [InlineData(51, 48)]
    public async Task Half_unreadable_or_less_than_a_hundred_lines_is_no_wrong_format(int bad, int good)
    {
        await using var host = await GatewayHost.Start();

        var (status, _, _) = await host.Post(Events, string.Join('\n', Enumerable.Repeat("bad", bad).Concat(Enumerable.Repeat("A1", good))));

        Assert.Equal(HttpStatusCode.OK, status);
    }

    [Fact]
    public async Task More_than_the_bounds_is_413_and_nothing_is_stored()
    {
        await using var host = await GatewayHost.Start(s => (s.LineBytesMax, s.RequestEventsMax, s.RequestBytesMax) = (1024, 10, 8192));
        var longLine = new string('a', 1025);

        var line = await host.Post(Events, $"A1\n{longLine}\nB2");
        var last = await host.Post(Events, $"A1\n{longLine}");
        var lines = await host.Post(Events, string.Join('\n', Enumerable.Repeat("A1", 11)));
        var events = await host.Post(Events, string.Join(' ', Enumerable.Repeat("A1", 11)));
        var bytes = await host.Post(Events, string.Join('\n', Enumerable.Repeat(new string('a', 1000), 9)));
        var record = await host.Post(Events, $"\"{longLine}\"", "application/json");

        Assert.All([line, last, lines, events, bytes, record], answer => Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.Status));
        Assert.Contains("line 2", line.Body.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Contains("requestEventsMax", lines.Body.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Contains("requestBytesMax", bytes.Body.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Empty(host.Shards.Applied);
    }

    [Theory]
    [InlineData("application/json", "")]
    [InlineData("application/json", "{\"a\":")]
    [InlineData("application/json", "{} {}")]
    [InlineData("application/cloudevents-batch+json", "{}")]
    [InlineData("application/cloudevents-batch+json", "[\"A1\", \"B2\"")]
    [InlineData("application/cloudevents-batch+json", "")]
    public async Task A_body_that_cannot_be_framed_is_400(string type, string body)
    {
        await using var host = await GatewayHost.Start();

        var (status, problem, _) = await host.Post(Events, body, type);

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.False(string.IsNullOrEmpty(problem.GetProperty("remedy").GetString()));
        Assert.Empty(host.Shards.Applied);
    }

    [Theory]
    [InlineData("application/json", "\"A1\"", "A1")]
    [InlineData("application/json; charset=utf-8", " \n\"A1\"\n", "A1")]
    [InlineData("application/cloudevents+json", "\"A1\"", "A1")]
    [InlineData("application/cloudevents-batch+json", "[\"A1\" , \"B2 C3\"]", "A1,B2,C3")]
    [InlineData("application/x-ndjson", "", "")]
    public async Task Each_content_type_holds_its_records_in_its_way(string type, string body, string files)
    {
        await using var host = await GatewayHost.Start();

        var (status, _, _) = await host.Post(Events, body, type);

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(files, string.Join(',', host.Shards.Files.Order()));
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/xml")]
    [InlineData("application/x-ndjson; charset=latin1")]
    [InlineData(null)]
    public async Task Another_content_type_is_415(string? type)
    {
        await using var host = await GatewayHost.Start();

        var (status, body, _) = await host.Post(Events, "A1", type);

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, status);
        Assert.False(string.IsNullOrEmpty(body.GetProperty("remedy").GetString()));
    }

    [Fact]
    public async Task A_compressed_body_is_415_and_not_taken_for_unreadable_lines()
    {
        await using var host = await GatewayHost.Start();
        var content = new StringContent("A1", Encoding.UTF8, "application/json");
        content.Headers.ContentEncoding.Add("gzip");

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await host.Client.PostAsync(Events, content)).StatusCode);
    }

    [Fact]
    public async Task An_undeclared_source_is_404_and_the_declared_ones_are_named()
    {
        await using var host = await GatewayHost.Start();

        var (status, body, _) = await host.Post("/v1/sources/nowhere/events", "A1");

        Assert.Equal(HttpStatusCode.NotFound, status);
        Assert.Contains("lab", body.GetProperty("remedy").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_source_that_reads_for_itself_takes_no_events()
    {
        await using var host = await GatewayHost.Start();

        Assert.Equal(HttpStatusCode.Conflict, (await host.Post("/v1/sources/tail/events", "A1")).Status);
    }

    [Fact]
    public async Task An_unknown_format_is_400_and_the_known_ones_are_named()
    {
        await using var host = await GatewayHost.Start();

        var (status, body, _) = await host.Post($"{Events}?format=xml", "A1");

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("words", body.GetProperty("remedy").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task When_one_shard_fails_the_whole_request_is_503()
    {
        await using var host = await GatewayHost.Start();
        host.Shards.Answer = (shard, _) => shard == 0 ? Task.FromException<ApplyAnswer>(new InvalidOperationException("the store is away")) : Task.FromResult(new ApplyAnswer([]));

        var (status, body, headers) = await host.Post(Events, string.Join('\n', Enumerable.Range(0, 100).Select(i => $"F{i}")));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.NotNull(headers.RetryAfter);
        Assert.Contains("the store is away", body.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Contains("same bytes again", body.GetProperty("remedy").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task After_25_seconds_without_an_answer_of_the_shard_the_request_is_503()
    {
        var time = new FakeTimeProvider();
        await using var host = await GatewayHost.Start(time: time);
        var reached = new TaskCompletionSource();
        host.Shards.Answer = (_, _) =>
        {
            reached.TrySetResult();
            return new TaskCompletionSource<ApplyAnswer>().Task;
        };

        var answer = host.Post(Events, "A1");
        await reached.Task.WaitAsync(Patience);
        time.Advance(TimeSpan.FromSeconds(25));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await answer).Status);
        Assert.NotNull((await answer).Headers.RetryAfter);
    }

    [Fact]
    public async Task A_shard_that_does_not_answer_is_given_the_same_call_again()
    {
        var time = new FakeTimeProvider();
        await using var host = await GatewayHost.Start(time: time);
        var reached = new TaskCompletionSource();
        host.Shards.Answer = (_, _) => reached.TrySetResult() ? new TaskCompletionSource<ApplyAnswer>().Task : Task.FromResult(new ApplyAnswer([]));
        var answer = host.Post(Events, "A1");
        await reached.Task.WaitAsync(Patience);

        while (host.Shards.Applied.Count < 2)
        {
            time.Advance(TimeSpan.FromSeconds(0.5));
            await host.Get("/healthz/live");
        }

        Assert.Equal(HttpStatusCode.OK, (await answer.WaitAsync(Patience)).Status);
        Assert.Equal(2, host.Shards.Applied.Count);
        Assert.NotEqual(Guid.Empty, Assert.Single(host.Shards.Applied.Select(a => a.Batch.Call).Distinct()));
    }

    [Fact]
    public async Task A_cloud_event_in_binary_mode_becomes_the_structured_one()
    {
        string? seen = null;
        await using var host = await GatewayHost.Start(more: services => services.Add(SeeingDecoder.Into(record => seen = record)));
        var content = new StringContent("{\"path\": \"/a\"}", Encoding.UTF8, "application/json");
        foreach (var (name, value) in new[] { ("specversion", "1.0"), ("id", "7"), ("type", "stored"), ("source", "/a%20b") })
        {
            content.Headers.TryAddWithoutValidation($"ce-{name}", value);
        }

        var response = await host.Client.PostAsync(Events, content);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var record = JsonDocument.Parse(seen!).RootElement;
        Assert.Equal("/a b", record.GetProperty("source").GetString());
        Assert.Equal("/a", record.GetProperty("data").GetProperty("path").GetString());
    }
}
