using CsCheck;
using EventGrains.Contracts.Transitions;
using EventGrains.Silo.Store.Postgres;
using EventGrains.Tests.Gateway;
using Microsoft.Extensions.Time.Testing;

namespace EventGrains.Tests.Store.Postgres;

public sealed class FollowedLogTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly List<LoggedTransition> _log = [];
    private int _reads;

    [Fact]
    public void What_it_gives_after_a_cursor_is_all_that_follows_or_nothing_at_all() =>
        Gen.Select(Gen.Int[1, 20], Gen.Int[0, 15].Array[1, 12], Gen.Int[0, 120], Gen.Int[1, 7]).Sample(history =>
        {
            var (max, commits, start, limit) = history;
            var test = new FollowedLogTests();
            var followed = test.Follow(max);
            followed.Read(At(0), 1);
            Advance(followed);
            foreach (var count in commits)
            {
                test.Commit(count);
                Advance(followed);
            }

            var (cursor, last, seen) = (At(start), test._log.Count, new List<long>());
            while (followed.Read(cursor, limit) is { } page)
            {
                Assert.NotEmpty(page.Items);
                seen.AddRange(page.Items.Select(i => i.Cursor.Index));
                cursor = page.Next;
            }

            Assert.Equal(start >= last - max && start < last ? Enumerable.Range(start + 1, last - start).Select(i => (long)i) : [], seen);
        });

    [Fact]
    public void Nothing_is_read_while_nobody_follows()
    {
        var followed = Follow(10);
        Commit(3);
        Advance(followed);
        Assert.Equal(0, _reads);

        followed.Read(At(3), 1);
        Advance(followed);
        Assert.Equal(1, _reads);

        _time.Advance(TimeSpan.FromMinutes(1));
        Commit(3);
        Advance(followed);
        Assert.Equal(1, _reads);
    }

    [Fact]
    public void After_a_pause_it_begins_at_the_end_and_has_no_hole()
    {
        var followed = Follow(10);
        followed.Read(At(0), 1);
        Advance(followed);
        Commit(2);
        Advance(followed);
        _time.Advance(TimeSpan.FromMinutes(1));
        Commit(2);
        Advance(followed);
        Assert.Null(followed.Read(At(1), 10));

        Advance(followed);
        Commit(2);
        Advance(followed);

        Assert.Null(followed.Read(At(3), 10));
        Assert.Equal([5L, 6L], followed.Read(At(4), 10)!.Items.Select(i => i.Cursor.Index));
    }

    [Fact]
    public void What_it_may_have_missed_it_does_not_give()
    {
        var fails = false;
        var followed = new FollowedLog(10, _ => Task.FromResult(Ends), (after, max, _) => fails ? throw new IOException("away") : Task.FromResult(Page(after, max)), _time);
        followed.Read(At(0), 1);
        Advance(followed);
        Commit(2);
        Advance(followed);
        Assert.NotNull(followed.Read(At(0), 1));

        fails = true;
        Advance(followed);

        Assert.Null(followed.Read(At(0), 1));
    }

    [Fact]
    public void Beyond_its_end_and_for_another_life_of_the_store_the_database_is_asked()
    {
        var followed = Follow(10);
        followed.Read(At(0), 1);
        Advance(followed);
        Commit(2);
        Advance(followed);

        Assert.Null(followed.Read(At(2), 1));
        Assert.Null(followed.Read(At(9), 1));
        Assert.Null(followed.Read(At(1) with { History = 2 }, 1));
    }

    private LogEnds Ends => new(At(0), At(_log.Count));

    private FollowedLog Follow(int max) => new(max, _ => Task.FromResult(Ends), (after, limit, _) => Task.FromResult(Page(after, limit)), _time);

    private TransitionPage Page(Cursor after, int limit)
    {
        _reads++;
        var items = _log.Where(i => i.Cursor.CompareTo(after) > 0).Take(limit).ToList();
        return new TransitionPage(items, items.Count > 0 ? items[^1].Cursor : after);
    }

    private void Commit(int count)
    {
        for (var i = 0; i < count; i++)
        {
            _log.Add(new LoggedTransition(At(_log.Count + 1), FakeLog.TransitionOf($"lab:F{_log.Count + 1}")));
        }
    }

    // All that it waits for is done at once here.
    private static void Advance(FollowedLog followed) => Assert.True(followed.Advance(CancellationToken.None).IsCompletedSuccessfully);

    private static Cursor At(int index) => new(1, index, 0);
}
