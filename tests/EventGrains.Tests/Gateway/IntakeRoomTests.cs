using EventGrains.Gateway.Events;
using EventGrains.Gateway.Http;
using Microsoft.Extensions.Time.Testing;

namespace EventGrains.Tests.Gateway;

/// <summary>What is too much waits for its turn, in order and not for ever.</summary>
public sealed class IntakeRoomTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly IntakeRoom _room;

    public IntakeRoomTests() => _room = new IntakeRoom(100, TimeSpan.FromSeconds(12), _time);

    [Fact]
    public async Task What_does_not_fit_waits_until_there_is_room_in_the_order_of_asking()
    {
        var first = await Enter(110);
        var (second, third) = (Enter(50), Enter(10));
        Assert.Equal(2, _room.Waiting);

        first.Dispose();

        var places = await Task.WhenAll(second, third);
        Assert.Equal(0, _room.Waiting);
        Assert.Equal([50, 10], places.Select(p => p.Events));
    }

    /// <remarks>While the shards make one durable they decide the other.</remarks>
    [Fact]
    public async Task Of_large_requests_two_are_at_work()
    {
        var first = await Enter(60);

        var (second, third) = (Enter(60), Enter(60));

        await second;
        Assert.False(third.IsCompleted);
        first.Dispose();
        await third;
    }

    [Fact]
    public async Task After_one_that_is_larger_than_the_room_none_is_let_in()
    {
        await Enter(1);

        var large = Enter(1_000);
        var after = Enter(1);
        Assert.Equal(1_000, (await large).Events);
        Assert.False(after.IsCompleted);

        (await large).Dispose();
        await after;
    }

    [Fact]
    public async Task After_half_of_its_time_it_is_503_and_those_behind_it_move_up()
    {
        var all = await Enter(100);
        var late = Enter(100);
        _time.Advance(TimeSpan.FromSeconds(6));
        var behind = Enter(10);
        _time.Advance(TimeSpan.FromSeconds(6));

        var refused = await Assert.ThrowsAsync<ProblemException>(() => late);
        Assert.Equal((503, 2), (refused.Status, refused.RetryAfterSeconds));
        Assert.Contains("intakeEventsMax", refused.Message, StringComparison.Ordinal);
        all.Dispose();
        Assert.Equal(10, (await behind).Events);
    }

    [Fact]
    public async Task Whoever_goes_away_takes_no_room()
    {
        using var stop = new CancellationTokenSource();
        var first = await Enter(100);
        var gone = _room.Enter(100, stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
        first.Dispose();
        first.Dispose();

        var (one, other) = (Enter(50), Enter(50));

        await Task.WhenAll(one, other);
        Assert.False(Enter(1).IsCompleted);
    }

    private Task<IntakeRoom.Place> Enter(int events) => _room.Enter(events, TestContext.Current.CancellationToken);
}
