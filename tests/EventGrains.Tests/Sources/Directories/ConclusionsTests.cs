using EventGrains.Silo.Sources.Directories;

namespace EventGrains.Tests.Sources.Directories;

public sealed class ConclusionsTests
{
    private static readonly DateTime Noon = new(2026, 1, 1, 12, 0, 0, DateTimeKind.Utc);

    private readonly Conclusions conclusions = new();

    public ConclusionsTests() => conclusions.Begin([new Look("/a", Noon, 0, Arrival.Unknown)], noticed: 5);

    [Fact]
    public void What_vanished_waits_for_the_notices_the_looks_and_the_walks_of_its_time()
    {
        var walk = new TaskCompletionSource();
        Assert.Empty(Take(taken: 4, due: null));
        Assert.Empty(Take(taken: 5, due: Noon, walk.Task));
        Assert.Empty(Take(taken: 5, due: null, walk.Task));

        walk.SetResult();

        Assert.Equal(["/a"], Take(taken: 5, due: null, walk.Task));
        Assert.Empty(Take(taken: 5, due: null));
        Assert.True(conclusions.IsEmpty);
    }

    [Fact]
    public void It_waits_for_nothing_that_came_later()
    {
        var later = new TaskCompletionSource();
        Assert.Empty(Take(taken: 7, due: Noon.AddSeconds(-1)));

        Assert.Equal(["/a"], Take(taken: 7, due: Noon.AddTicks(1), later.Task));
    }

    [Fact]
    public void A_scan_that_finds_what_is_missing_takes_its_place()
    {
        conclusions.Forget();

        Assert.Empty(Take(taken: 5, due: null));
    }

    private IReadOnlyList<string> Take(long taken, DateTime? due, params Task[] walking) => conclusions.Take(taken, due, walking, Noon);
}
