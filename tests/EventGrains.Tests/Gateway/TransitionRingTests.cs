using CsCheck;
using EventGrains.Contracts.Transitions;
using EventGrains.Gateway.Transitions;

namespace EventGrains.Tests.Gateway;

public sealed class TransitionRingTests
{
    private static readonly Gen<(int Max, int[] Pages, int Start, int Batch)> Histories =
        Gen.Select(Gen.Int[1, 20], Gen.Int[0, 15].Array[0, 12], Gen.Int[0, 120], Gen.Int[1, 7]);

    [Fact]
    public void What_it_gives_after_a_cursor_is_all_that_follows_or_nothing_at_all() =>
        Histories.Sample(history =>
        {
            var (max, pages, start, batch) = history;
            var ring = new TransitionRing(max);
            ring.Restart(At(0));
            var last = 0;
            foreach (var count in pages)
            {
                var page = Enumerable.Range(last + 1, count).Select(Logged).ToList();
                last += count;
                ring.Append(page, At(last));
            }

            var cursor = At(start);
            var into = new RecentTransition[batch];
            var seen = new List<long>();
            var covered = true;
            while ((covered = ring.TryRead(cursor, into, out var read, out var end)) && read > 0)
            {
                seen.AddRange(into[..read].Select(t => t.Logged.Cursor.Index));
                cursor = end;
            }

            Assert.Equal(start >= last - max && start <= last, covered); // a cursor beyond the end is of another store: the log itself must answer it
            Assert.Equal(covered && start < last ? Enumerable.Range(start + 1, last - start).Select(i => (long)i) : [], seen);
        });

    [Fact]
    public void Before_it_has_begun_it_gives_nothing() =>
        Assert.False(new TransitionRing(4).TryRead(At(0), new RecentTransition[4], out _, out _));

    [Fact]
    public void A_transition_is_written_once_for_all_who_see_it()
    {
        var ring = new TransitionRing(4);
        ring.Restart(At(0));
        ring.Append([Logged(1)], At(1));
        var (a, b) = (new RecentTransition[1], new RecentTransition[1]);

        ring.TryRead(At(0), a, out _, out _);
        ring.TryRead(At(0), b, out _, out _);

        Assert.Same(a[0].Frame, b[0].Frame);
    }

    [Fact]
    public void Commits_without_transitions_are_passed_too()
    {
        var ring = new TransitionRing(4);
        ring.Restart(At(0));
        ring.Append([], At(9));

        Assert.True(ring.TryRead(At(3), new RecentTransition[1], out var count, out var end));
        Assert.Equal((0, At(9)), (count, end));
    }

    private static Cursor At(int index) => new(1, index, 0);

    private static LoggedTransition Logged(int index) => new(At(index), FakeLog.TransitionOf($"lab:F{index}"));
}
