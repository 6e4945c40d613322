using System.Text;
using System.Text.Json;
using EventGrains.Cli.Publish;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;

namespace EventGrains.Tests.Cli;

public sealed class PublishTests
{
    [Fact]
    public async Task Answers_are_added_up_and_lines_count_from_the_begin_of_the_input()
    {
        await using var server = await FakeServer.Start((asked, http) => FakeServer.Json(http, asked.Body switch
        {
            "a\nb\n" => """{"accepted":1,"rejected":1,"rejections":[{"line":2,"field":"size","reason":"negative","remedy":"mend it"}],"rejectionsOmitted":0}""",
            "\nc\n" => """{"accepted":0,"rejected":1,"rejections":[{"line":2,"field":"date","reason":"late","remedy":"wait"}],"rejectionsOmitted":0}""",
            "d\n" => """{"accepted":1,"rejected":0,"rejections":[],"rejectionsOmitted":0}""",
            _ => throw new InvalidOperationException(asked.Body),
        }));

        var ran = await Ran.With(RunWith.Lines(server, "a", "b", "", "c", "d"), "events", "publish", "-", "--source", "s", "--format", "f", "--body-lines", "2", "-o", "json");

        Assert.Equal(6, ran.ExitCode);
        var sum = JsonDocument.Parse(ran.Out).RootElement;
        Assert.Equal((2, 2, 0, 3), (Number(sum, "accepted"), Number(sum, "rejected"), Number(sum, "rejectionsOmitted"), Number(sum, "requests")));
        Assert.Equal([2, 4], sum.GetProperty("rejections").EnumerateArray().Select(r => r.GetProperty("line").GetInt32()));
        Assert.Contains("line 4: date: late; wait", ran.Error, StringComparison.Ordinal);
        Assert.All(server.Asked, a => Assert.Equal(("/v1/sources/s/events?format=f", "application/x-ndjson"), (a.Target, a.ContentType)));
    }

    [Theory]
    [InlineData(503)]
    [InlineData(429)]
    [InlineData(408)]
    [InlineData(0)]
    public async Task The_same_bytes_are_sent_again_until_they_get_a_200(int failure)
    {
        var attempts = 0;
        var time = new HurriedTime();
        await using var server = await FakeServer.Start(async (_, http) =>
        {
            if (Interlocked.Increment(ref attempts) > 3)
            {
                await FakeServer.Json(http, """{"accepted":2,"rejected":0}""");
            }
            else if (failure == 0)
            {
                http.Abort();
            }
            else
            {
                http.Response.Headers.RetryAfter = "7";
                await FakeServer.Json(http, """{"title":"Busy"}""", failure);
            }
        });

        var ran = await Ran.With(RunWith.Lines(server, "a", "b") with { Time = time }, "events", "publish", "-", "--source", "s", "-o", "json");

        Assert.Equal(0, ran.ExitCode);
        Assert.Equal(3, Number(JsonDocument.Parse(ran.Out).RootElement, "resends"));
        Assert.Equal(["a\nb\n", "a\nb\n", "a\nb\n", "a\nb\n"], server.Asked.Select(a => a.Body));
        Assert.Equal(failure != 0, time.Waits.All(w => w >= TimeSpan.FromSeconds(7)));
    }

    [Fact]
    public async Task What_never_gets_a_200_ends_at_the_bound_with_what_was_answered_so_far()
    {
        await using var server = await FakeServer.Start((asked, http) => asked.Body == "a\n"
            ? FakeServer.Json(http, """{"accepted":1,"rejected":0}""")
            : FakeServer.Json(http, """{"title":"Busy"}""", 503));

        var ran = await Ran.With(
            RunWith.Lines(server, "a", "b", "c") with { Time = new HurriedTime() },
            "events", "publish", "-", "--source", "s", "--body-lines", "1", "--concurrency", "1", "--retry-for", "1m", "-o", "json");

        Assert.Equal(1, ran.ExitCode);
        Assert.Equal(1, Number(JsonDocument.Parse(ran.Out).RootElement, "accepted"));
        Assert.Contains("Lines 2 to 2 got no 200 for 60 s: Busy", ran.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(server.Asked, a => a.Body == "c\n");
    }

    [Fact]
    public async Task A_server_that_stays_away_is_exit_code_4()
    {
        await using var server = await FakeServer.Start((_, http) =>
        {
            http.Abort();
            return Task.CompletedTask;
        });

        var ran = await Ran.With(RunWith.Lines(server, "a") with { Time = new HurriedTime() }, "events", "publish", "-", "--source", "s");

        Assert.Equal(4, ran.ExitCode);
    }

    [Theory]
    [InlineData(404, 3)]
    [InlineData(422, 1)]
    [InlineData(400, 1)]
    [InlineData(415, 1)]
    public async Task What_another_attempt_cannot_mend_ends_at_once(int status, int exitCode)
    {
        await using var server = await FakeServer.Start("""{"title":"Wrong","remedy":"Do this."}""", status);

        var ran = await Ran.With(RunWith.Lines(server, "a"), "events", "publish", "-", "--source", "s");

        Assert.Equal(exitCode, ran.ExitCode);
        Assert.Single(server.Asked);
        Assert.Contains("Do this.", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_over_the_servers_bounds_is_halved_until_it_fits()
    {
        await using var server = await FakeServer.Start((asked, http) => asked.Body.Count(c => c == '\n') > 1 || asked.Body == "too large\n"
            ? FakeServer.Json(http, """{"title":"Too large"}""", 413)
            : FakeServer.Json(http, """{"accepted":1,"rejected":0}"""));

        var ran = await Ran.With(RunWith.Lines(server, "a", "b", "too large", "d", "e"), "events", "publish", "-", "--source", "s", "-o", "json");

        Assert.Equal(6, ran.ExitCode);
        var sum = JsonDocument.Parse(ran.Out).RootElement;
        Assert.Equal((4, 1), (Number(sum, "accepted"), Number(sum, "rejected")));
        Assert.Equal(3, sum.GetProperty("rejections")[0].GetProperty("line").GetInt32());
    }

    [Fact]
    public async Task No_more_bodies_than_asked_for_are_under_way()
    {
        var (now, most) = (0, 0);
        await using var server = await FakeServer.Start(async (_, http) =>
        {
            InterlockedMax(ref most, Interlocked.Increment(ref now));
            await Task.Yield();
            Interlocked.Decrement(ref now);
            await FakeServer.Json(http, """{"accepted":1,"rejected":0}""");
        });

        var ran = await Ran.With(
            RunWith.Lines(server, [.. Enumerable.Range(0, 200).Select(i => $"{i}")]),
            "events", "publish", "-", "--source", "s", "--body-lines", "1", "--concurrency", "3", "-o", "json");

        Assert.Equal(200, Number(JsonDocument.Parse(ran.Out).RootElement, "accepted"));
        Assert.InRange(most, 1, 3);
        Assert.Equal(Enumerable.Range(0, 200).Select(i => $"{i}\n").Order(), server.Asked.Select(a => a.Body).Order());
    }

    [Fact]
    public async Task A_rate_spreads_the_lines_over_time()
    {
        var time = new HurriedTime();
        var begun = time.GetUtcNow();
        await using var server = await FakeServer.Start("""{"accepted":10,"rejected":0}""");

        var ran = await Ran.With(
            RunWith.Lines(server, [.. Enumerable.Range(0, 100).Select(i => $"{i}")]) with { Time = time },
            "events", "publish", "-", "--source", "s", "--rate", "100", "-o", "json");

        Assert.Equal(0, ran.ExitCode);
        Assert.Equal(10, server.Asked.Count);
        Assert.Equal(0.9, (time.GetUtcNow() - begun).TotalSeconds, 0.05);
    }

    [Fact]
    public async Task A_line_that_is_too_long_is_rejected_alone_and_never_held_whole()
    {
        var input = Encoding.UTF8.GetBytes("a\n" + new string('x', 50 << 20) + "\nb\n" + new string('y', BodyCutter.LineBytesMax) + "\nc");
        List<RejectedLine> rejected = [];
        var before = GC.GetAllocatedBytesForCurrentThread();

        var bodies = await Cut(new MemoryStream(input), 5, rejected);

        Assert.Equal([(1, 1), (3, 3)], bodies.Select(b => ((int)b.FirstLine, b.Lines)));
        Assert.Equal(2, Assert.Single(rejected).Line);
        Assert.Equal("a\n", Text(bodies[0]));
        Assert.Equal(2 + BodyCutter.LineBytesMax + 1 + 2, bodies[1].Bytes.Length);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16 << 20);
    }

    [Fact]
    public async Task Bodies_keep_within_lines_and_bytes_and_join_to_the_input()
    {
        var input = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 1000).Select(i => new string('x', i % 97) + "\n")));

        var bodies = await Cut(new MemoryStream(input), 7, [], bytesMax: 300);

        Assert.Equal(input, bodies.SelectMany(b => b.Bytes.ToArray()));
        Assert.All(bodies, b => Assert.True(b is { Lines: <= 7, Bytes.Length: <= 300 }));
        Assert.Equal(bodies.Select(b => b.FirstLine), bodies.Select((_, i) => 1L + bodies.Take(i).Sum(b => b.Lines)));
    }

    [Fact]
    public async Task A_pause_of_the_input_sends_what_there_is()
    {
        var time = new FakeTimeProvider();
        var pipe = new System.IO.Pipelines.Pipe();
        await using var bodies = new BodyCutter(100, 1 << 20, time, _ => { }).Cut(pipe.Reader.AsStream(), CancellationToken.None).GetAsyncEnumerator();
        await pipe.Writer.WriteAsync("a\nhalf"u8.ToArray());

        var next = bodies.MoveNextAsync().AsTask();
        while (!next.IsCompleted)
        {
            time.Advance(BodyCutter.PauseMax);
            await Task.Yield();
        }

        Assert.Equal("a\n", Text(bodies.Current));
        await pipe.Writer.WriteAsync(" line"u8.ToArray());
        await pipe.Writer.CompleteAsync();
        Assert.True(await bodies.MoveNextAsync());
        Assert.Equal("half line\n", Text(bodies.Current));
        Assert.False(await bodies.MoveNextAsync());
    }

    [Fact]
    public async Task A_file_that_cannot_be_read_is_a_usage_error()
    {
        await using var server = await FakeServer.Start("{}");

        var ran = await Ran.Against(server, "events", "publish", "/no/such/file", "--source", "s");

        Assert.Equal(2, ran.ExitCode);
        Assert.Empty(server.Asked);
    }

    private static async Task<List<EventBody>> Cut(Stream input, int linesMax, List<RejectedLine> rejected, int bytesMax = 8 << 20)
    {
        List<EventBody> bodies = [];
        await foreach (var body in new BodyCutter(linesMax, bytesMax, TimeProvider.System, rejected.Add).Cut(input, CancellationToken.None))
        {
            bodies.Add(body);
        }

        return bodies;
    }

    private static string Text(EventBody body) => Encoding.UTF8.GetString(body.Bytes.Span);

    private static long Number(JsonElement element, string name) => element.GetProperty(name).GetInt64();

    private static void InterlockedMax(ref int target, int value)
    {
        for (var seen = target; seen < value; seen = target)
        {
            Interlocked.CompareExchange(ref target, value, seen);
        }
    }
}
