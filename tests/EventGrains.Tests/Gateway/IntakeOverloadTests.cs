using System.Collections.Concurrent;
using System.Net;
using EventGrains.Contracts.Shards;
using EventGrains.Tests.Sources;
using Microsoft.Extensions.Time.Testing;

namespace EventGrains.Tests.Gateway;

/// <summary>More than there is room for waits or is refused, and nothing of it reaches a shard.</summary>
public sealed class IntakeOverloadTests
{
    private const string Events = "/v1/sources/lab/events";

    // Only a broken promise waits so long.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task What_the_shards_still_work_on_takes_room_also_when_its_sender_has_gone()
    {
        var time = new FakeTimeProvider();
        await using var host = await GatewayHost.Start(s => s.IntakeEventsMax = 1, time);
        var answer = new TaskCompletionSource<ApplyAnswer>();
        var reached = new TaskCompletionSource();
        host.Shards.Answer = (_, _) =>
        {
            reached.TrySetResult();
            return answer.Task;
        };
        var first = host.Post(Events, "A1");
        await reached.Task.WaitAsync(Patience);
        await Given(first);

        var second = host.Post(Events, "B1");
        await Given(second);

        Assert.Contains("intakeEventsMax", (await second).Body.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain("B1", host.Shards.Files);
        answer.SetResult(new ApplyAnswer([]));
        Assert.Equal(HttpStatusCode.OK, (await host.Post(Events, "C1").WaitAsync(Patience)).Status);

        async Task Given(Task request)
        {
            while (!request.IsCompleted)
            {
                time.Advance(TimeSpan.FromSeconds(0.5));
                await host.Get("/healthz/live");
            }
        }
    }

    [Fact]
    public async Task A_request_for_which_the_shards_have_no_room_waits_for_half_of_its_time()
    {
        var time = new NotedTime();
        await using var host = await GatewayHost.Start(s => (s.IntakeEventsMax, s.IntakeSecondsMax) = (1, 34), time);
        var reached = new TaskCompletionSource();
        host.Shards.Answer = (_, _) =>
        {
            reached.TrySetResult();
            return new TaskCompletionSource<ApplyAnswer>().Task;
        };
        var first = host.Post(Events, "A1");
        await reached.Task.WaitAsync(Patience);

        var second = host.Post(Events, "B1");
        await Eventually.Is(() => time.Waits.Contains(TimeSpan.FromSeconds(17)), () => $"waits of {string.Join(", ", time.Waits)}");
        time.Advance(TimeSpan.FromSeconds(17));

        var (status, body, headers) = await second.WaitAsync(Patience);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Contains("intakeEventsMax", body.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.NotNull(headers.RetryAfter);
        Assert.DoesNotContain("B1", host.Shards.Files);
        Assert.False(first.IsCompleted);
    }

    [Fact]
    public async Task Requests_beyond_the_memory_for_bodies_are_503_until_others_are_answered()
    {
        await using var host = await GatewayHost.Start(s => s.IntakeBytesMax = 1_000);
        var durable = new TaskCompletionSource<ApplyAnswer>();
        var reached = new TaskCompletionSource();
        host.Shards.Answer = (_, _) =>
        {
            reached.TrySetResult();
            return durable.Task;
        };
        var first = host.Post(Events, new string('a', 900));
        await reached.Task.WaitAsync(Patience);

        var second = await host.Post(Events, new string('b', 200));
        durable.SetResult(new ApplyAnswer([]));

        Assert.Equal(HttpStatusCode.OK, (await first).Status);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, second.Status);
        Assert.NotNull(second.Headers.RetryAfter);
        Assert.Equal(HttpStatusCode.OK, (await host.Post(Events, new string('b', 200))).Status);
    }

    /// <summary>Knows which waits have begun, so that time goes on no earlier.</summary>
    private sealed class NotedTime : FakeTimeProvider
    {
        public ConcurrentQueue<TimeSpan> Waits { get; } = [];

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            Waits.Enqueue(dueTime);
            return timer;
        }
    }
}
