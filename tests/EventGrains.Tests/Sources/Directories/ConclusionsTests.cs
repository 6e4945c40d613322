using EventGrains.Silo.Sources.Directories;

namespace EventGrains.Tests.Sources.Directories;

public sealed class ConclusionsTests
{
    private static readonly DateTime Found = new(2026, 1, 1, 12, 0, 0, DateTimeKind.Utc);
    private static readonly DateTime Told = Found + Conclusions.TellingDelay;

    private readonly Conclusions conclusions = new();

    public ConclusionsTests() => conclusions.Begin([new Missing("/a", null)], Found);

    [Fact]
    public void What_is_missing_waits_for_what_happened_and_for_the_looks_and_the_walks_of_its_time()
    {
        var walk = new TaskCompletionSource();
        Assert.Empty(Take(come: 5, taken: 5, due: null, at: Told.AddTicks(-1)));
        Assert.Empty(Take(come: 5, taken: 4, due: null));
        Assert.Empty(Take(come: 9, taken: 5, due: Told, Told, walk.Task));
        Assert.Empty(Take(come: 9, taken: 9, due: null, Told, walk.Task));

        walk.SetResult();

        Assert.Equal(["/a"], Take(come: 9, taken: 9, due: null, Told, walk.Task));
        Assert.Empty(Take(come: 9, taken: 9, due: null));
        Assert.True(conclusions.IsEmpty);
    }

    [Fact]
    public void A_name_that_was_linked_by_then_is_looked_at_before_although_its_look_is_due_later()
    {
        Assert.Empty(Take(come: 7, taken: 7, due: Told + LookQueue.CreatedDelay));
    }

    [Fact]
    public void It_waits_for_nothing_that_came_later()
    {
        var later = new TaskCompletionSource();
        Assert.Empty(Take(come: 7, taken: 7, due: Told.AddSeconds(-1)));

        Assert.Equal(["/a"], Take(come: 9, taken: 7, due: Told + LookQueue.CreatedDelay + TimeSpan.FromTicks(1), Told, later.Task));
    }

    [Fact]
    public void A_name_that_came_and_went_unseen_makes_it_wait_once_more_and_not_for_ever()
    {
        conclusions.MissName();
        Assert.Empty(Take(come: 5, taken: 5, due: null));
        Assert.Empty(Take(come: 6, taken: 5, due: null));
        Assert.Equal(["/a"], Take(come: 6, taken: 6, due: null));

        conclusions.Begin([new Missing("/a", null)], Found);
        var rounds = 1;
        for (conclusions.MissName(); Take(come: 6, taken: 6, due: null).Length == 0; conclusions.MissName())
        {
            rounds++;
        }

        Assert.Equal(Conclusions.RoundsMax, rounds);
    }

    [Fact]
    public void A_scan_that_finds_what_is_missing_takes_its_place()
    {
        conclusions.Forget();

        Assert.Empty(Take(come: 5, taken: 5, due: null));
    }

    private string[] Take(long come, long taken, DateTime? due, DateTime? at = null, params Task[] walking) =>
        [.. conclusions.Take(() => come, taken, due, walking, at ?? Told).Select(m => m.Path)];
}
