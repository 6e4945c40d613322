using EventGrains.Files;
using EventGrains.Silo;
using EventGrains.Silo.Dispatch;
using EventGrains.Silo.Store;
using EventGrains.Tests.Files;

namespace EventGrains.Tests.Dispatch;

/// <summary>What the dispatcher holds in memory is bounded by what waits, not by what ever came.</summary>
public sealed class HeldIntentsTests
{
    private const int Passing = 10_000;

    private readonly HeldIntents _held = new(new SiloSettings());

    // The first one is at its rule's bound, or not due for long: it stays at the head.
    [Theory]
    [InlineData(0, false)]
    [InlineData(1, false)]
    [InlineData(1, true)]
    public void Steps_that_came_and_went_behind_one_that_waits_are_not_kept(int attempts, bool running)
    {
        _held.Put(Step(0, attempts, running));
        for (var file = 1; file <= Passing; file++)
        {
            _held.Put(Step(file, attempts, running));
            _held.Remove(Step(file, attempts, running));
        }

        Assert.Single(_held.All);
        Assert.InRange(Queued(), 1, 50);
    }

    [Fact]
    public void A_step_that_is_put_off_and_claimed_again_and_again_is_queued_once()
    {
        _held.Put(Step(0, attempts: 0));
        for (var attempt = 1; attempt <= Passing; attempt++)
        {
            _held.Put(Step(1, attempt, running: true));
            _held.Put(Step(1, attempt));
        }

        Assert.Equal(2, _held.All.Count);
        Assert.InRange(Queued(), 2, 100);
    }

    [Fact]
    public void What_is_left_of_many_comes_once_each_and_in_the_order_in_which_it_is_due()
    {
        for (var file = 0; file < Passing; file++)
        {
            _held.Put(Step(file, attempts: 1));
        }

        for (var file = 0; file < Passing; file++)
        {
            if (file % 1_000 != 7)
            {
                _held.Remove(Step(file, attempts: 1));
            }
        }

        var lane = Assert.Single(_held.Lanes);
        var taken = new List<long>();
        while (_held.Take(lane, Says.At(Passing)) is { } next)
        {
            taken.Add(next.Intent.FileNumber);
        }

        Assert.Equal(Enumerable.Range(0, 10).Select(n => n * 1_000L + 7), taken);
        Assert.Equal(0, Queued());
    }

    private int Queued() => _held.Lanes.Sum(l => l.Deadlines.Entries + l.Others.Entries + l.Firsts.Entries);

    private static Intent Step(int file, int attempts, bool running = false) => new(
        Says.File, file, new StepKey("mirror", "0001", 0, Incarnation.None), "replicate", "archive", Says.At(file), attempts, running);
}
