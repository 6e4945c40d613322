using EventGrains.Contracts.Shards;
using EventGrains.Gateway;
using EventGrains.Tests.Sources;
using Microsoft.Extensions.Time.Testing;
using Orleans.Runtime;

namespace EventGrains.Tests.Gateway;

/// <summary>A gateway's call reaches its grain though a silo on the way stands still, or the grain moves.</summary>
public sealed class GrainCallsTests
{
    private readonly HurriedTime _time = new();
    private readonly AnswerTimes _times = new();
    private readonly Queue<Task<int>> _answers = [];
    private int _calls;

    private static Task<int> Lost => new TaskCompletionSource<int>().Task;

    private static Task<int> SiloGone => Task.FromException<int>(new SiloUnavailableException("its silo is gone"));

    private static Task<int> Moved => Task.FromException<int>(new ShardFencedException(3, 1));

    [Fact]
    public async Task A_call_that_got_lost_is_made_again_and_the_answer_counts()
    {
        Answers(Lost, Task.FromResult(7));

        Assert.Equal(7, await Ask());
        Assert.Equal([3], Waits);
    }

    [Fact]
    public async Task Five_are_lost_as_quickly_and_then_it_waits_longer()
    {
        Answers(Lost, Lost, Lost, Lost, Lost, Lost, Lost, Task.FromResult(7));

        Assert.Equal(7, await Ask());
        Assert.Equal([3, 3, 3, 3, 3, 6, 12], Waits);
    }

    [Fact]
    public async Task A_grain_that_moves_is_asked_again_soon()
    {
        Answers(SiloGone, Moved, Task.FromResult(7));

        Assert.Equal(7, await Ask());
        Assert.True(_time.Waits.TrueForAll(w => w <= TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public async Task What_the_grain_answers_is_not_asked_again()
    {
        Answers(Task.FromException<int>(new InvalidOperationException("no")));

        await Assert.ThrowsAsync<InvalidOperationException>(Ask);
        Assert.Equal(1, _calls);
    }

    [Fact]
    public async Task A_late_answer_to_the_first_try_counts()
    {
        var (time, first) = (new FakeTimeProvider(), new TaskCompletionSource<int>());
        Answers(first.Task, Lost);
        var asked = GrainCalls.UntilAnswered(Call, _times, time, default);

        time.Advance(GrainCalls.AnswerFirst);
        await Eventually.Is(() => _calls == 2, () => "it is not repeated");
        time.Advance(TimeSpan.FromSeconds(1));
        first.SetResult(7);

        Assert.Equal(7, await asked);
    }

    /// <remarks>More comes than can be done: repeats would be done too, and then nothing is done in time any more.</remarks>
    [Fact]
    public async Task Where_answers_are_slow_a_repeat_comes_later_and_where_they_are_quick_again_sooner()
    {
        var before = _times.RepeatAfter;
        Note(TimeSpan.FromSeconds(2));
        var slow = _times.RepeatAfter;
        Note(TimeSpan.FromSeconds(60));
        var slower = _times.RepeatAfter;
        Answers(Lost, Task.FromResult(7));
        await Ask();
        Note(TimeSpan.FromMilliseconds(5));

        Assert.Equal((3.0, 12.0), (before.TotalSeconds, slower.TotalSeconds));
        Assert.Equal(8, slow.TotalSeconds, tolerance: 0.1);
        Assert.Equal([12], Waits);
        Assert.Equal(3, _times.RepeatAfter.TotalSeconds);
    }

    [Fact]
    public async Task Whoever_stops_waits_no_longer()
    {
        using var stop = new CancellationTokenSource();
        var asked = GrainCalls.UntilAnswered(() => Lost, _times, TimeProvider.System, stop.Token);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
    }

    [Fact]
    public async Task A_read_that_nobody_answers_says_so_and_why()
    {
        Answers([.. Enumerable.Range(0, 100).Select(_ => SiloGone)]);

        var failure = await Assert.ThrowsAsync<TimeoutException>(() => GrainCalls.Read(Call, _time, default));

        Assert.Contains("20 s", failure.Message, StringComparison.Ordinal);
        Assert.IsType<SiloUnavailableException>(failure.InnerException);
        Assert.Equal(20, _time.Waits.Sum(w => w.TotalSeconds), tolerance: 1);
    }

    [Fact]
    public async Task Events_wait_for_as_long_as_their_sender_does()
    {
        Answers([.. Enumerable.Range(0, 100).Select(_ => SiloGone), Task.FromResult(7)]);

        Assert.Equal(7, await Ask());
    }

    private IEnumerable<double> Waits => _time.Waits.Select(w => w.TotalSeconds);

    private void Note(TimeSpan took)
    {
        for (var i = 0; i < 1_000; i++)
        {
            _times.Note(took);
        }
    }

    private void Answers(params Task<int>[] answers) => Array.ForEach(answers, _answers.Enqueue);

    private Task<int> Ask() => GrainCalls.UntilAnswered(Call, _times, _time, default);

    private Task<int> Call()
    {
        _calls++;
        return _answers.Dequeue();
    }
}
