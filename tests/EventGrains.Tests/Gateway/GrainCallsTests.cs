using EventGrains.Contracts.Shards;
using EventGrains.Gateway;
using Microsoft.Extensions.Time.Testing;
using Orleans.Runtime;

namespace EventGrains.Tests.Gateway;

/// <summary>A gateway's call reaches its grain though a silo on the way stands still, or the grain moves.</summary>
public sealed class GrainCallsTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly List<TaskCompletionSource<int>> _calls = [];
    private readonly CancellationTokenSource _stop = new();

    [Fact]
    public async Task A_call_that_got_lost_is_made_again_and_the_answer_counts()
    {
        var asked = Ask();

        _time.Advance(GrainCalls.AnswerFirst);
        await Calls(2);
        _calls[1].SetResult(7);

        Assert.Equal(7, await asked);
    }

    [Fact]
    public async Task Three_are_lost_as_quickly_and_then_it_waits_longer()
    {
        var asked = Ask();
        for (var lost = 1; lost <= 3; lost++)
        {
            _time.Advance(GrainCalls.AnswerFirst);
            await Calls(lost + 1);
        }

        _time.Advance(GrainCalls.AnswerFirst);

        Assert.Equal(4, _calls.Count);
        _calls[3].SetResult(7);
        Assert.Equal(7, await asked);
    }

    [Fact]
    public async Task A_grain_that_moves_is_asked_again_soon()
    {
        var asked = Ask();

        _calls[0].SetException(new SiloUnavailableException("its silo is gone"));
        await Advancing(Calls(2));
        _calls[1].SetException(new ShardFencedException(3, 1));
        await Advancing(Calls(3));
        _calls[2].SetResult(7);

        Assert.Equal(7, await asked);
    }

    [Fact]
    public async Task What_the_grain_answers_is_not_asked_again()
    {
        var asked = Ask();

        _calls[0].SetException(new InvalidOperationException("no"));

        await Assert.ThrowsAsync<InvalidOperationException>(() => asked);
        Assert.Single(_calls);
    }

    [Fact]
    public async Task Whoever_stops_waits_no_longer()
    {
        var asked = Ask();

        await _stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
    }

    public void Dispose() => _stop.Dispose();

    private Task<int> Ask() => GrainCalls.UntilAnswered(
        () =>
        {
            _calls.Add(new(TaskCreationOptions.RunContinuationsAsynchronously));
            return _calls[^1].Task;
        },
        _time,
        _stop.Token);

    private async Task Calls(int count)
    {
        while (_calls.Count < count)
        {
            await Task.Yield();
        }
    }

    private async Task Advancing(Task until)
    {
        while (!until.IsCompleted)
        {
            _time.Advance(TimeSpan.FromMilliseconds(50));
            await Task.Yield();
        }
    }
}
