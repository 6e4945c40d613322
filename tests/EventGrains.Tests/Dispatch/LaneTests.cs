using EventGrains.Files;
using EventGrains.Silo.Dispatch;
using EventGrains.Silo.Store;
using EventGrains.Tests.Files;

namespace EventGrains.Tests.Dispatch;

/// <summary>Which step of a lane comes next, and that what one bound holds back hides nothing that another lets pass.</summary>
public sealed class LaneTests
{
    private readonly Lane _lane = new("mirror", "replicate", "archive") { Leased = 100 };

    [Fact]
    public void A_passed_deadline_is_taken_although_no_step_may_start()
    {
        Add(1, dueAt: 0);
        Add(2, dueAt: 5, running: true);

        Assert.Equal(2, _lane.Take(Says.At(10), hasRoom: false)?.Intent.FileNumber);
        Assert.Null(_lane.Take(Says.At(10), hasRoom: false));
        Assert.Equal(1, _lane.Take(Says.At(10), hasRoom: true)?.Intent.FileNumber);
    }

    [Fact]
    public void A_rule_at_its_bound_per_hour_still_tries_again_what_it_began()
    {
        _lane.Leased = 0;
        Add(1, dueAt: 0);
        Add(2, dueAt: 5, attempts: 1);

        Assert.Equal(2, _lane.Take(Says.At(10), hasRoom: true)?.Intent.FileNumber);
        Assert.Null(_lane.Take(Says.At(10), hasRoom: true));
        _lane.Leased = 1;
        Assert.Equal(1, _lane.Take(Says.At(10), hasRoom: true)?.Intent.FileNumber);
        Assert.Equal(0, _lane.Leased);
    }

    [Fact]
    public void Steps_come_in_the_order_in_which_they_are_due_and_none_before()
    {
        Add(1, dueAt: 7);
        Add(2, dueAt: 3);

        Assert.Equal(Says.At(3), _lane.NextLook);
        Assert.Null(_lane.Take(Says.At(2), hasRoom: true));
        Assert.Equal(2, _lane.Take(Says.At(9), hasRoom: true)?.Intent.FileNumber);
        Assert.Equal(1, _lane.Take(Says.At(9), hasRoom: true)?.Intent.FileNumber);
    }

    [Fact]
    public void A_held_first_attempt_does_not_hide_when_another_step_is_due()
    {
        (_lane.Leased, _lane.HeldUntil) = (0, Says.At(1_000));
        Add(1, dueAt: 0);
        Assert.Equal(Says.At(1_000), _lane.NextLook);

        Add(2, dueAt: 7, attempts: 1);

        Assert.Equal(Says.At(7), _lane.NextLook);
    }

    [Fact]
    public void A_step_that_was_moved_or_taken_away_is_passed_over()
    {
        var moved = Add(1, dueAt: 1);
        var gone = Add(2, dueAt: 2);

        moved.DueAt = Says.At(8);
        _lane.Add(moved);
        gone.LeaveQueue();

        Assert.Null(_lane.Take(Says.At(5), hasRoom: true));
        Assert.Equal(1, _lane.Take(Says.At(9), hasRoom: true)?.Intent.FileNumber);
        Assert.Null(_lane.Take(Says.At(9), hasRoom: true));
    }

    private Held Add(long file, int dueAt, bool running = false, int attempts = 0)
    {
        var step = new StepKey("mirror", "0001", 0, Incarnation.None);
        var held = new Held(new Intent(Says.File, file, step, "replicate", "archive", Says.At(dueAt), running ? Math.Max(1, attempts) : attempts, running), _lane);
        _lane.Add(held);
        return held;
    }
}
