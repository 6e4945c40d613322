using CsCheck;
using EventGrains.Contracts.Transitions;
using EventGrains.Silo.Store.Postgres;
using EventGrains.Tests.Gateway;
using Microsoft.Extensions.Time.Testing;

namespace EventGrains.Tests.Store.Postgres;

public sealed class FollowedLogTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly List<LoggedTransition> _log = [];
    private readonly List<FollowedLog> _followed = [];
    private int _reads;

    [Fact]
    public void What_it_gives_after_a_cursor_is_all_that_follows_or_nothing_at_all() =>
        Gen.Select(Gen.Int[1, 20], Gen.Int[0, 15].Array[1, 12], Gen.Int[0, 120], Gen.Int[1, 7]).Sample(history =>
        {
            var (max, commits, start, limit) = history;
            using var test = new FollowedLogTests();
            var followed = test.Follow(max);
            Read(followed, At(0), 1);
            Advance(followed);
            foreach (var count in commits)
            {
                test.Commit(count);
                Advance(followed);
            }

            var (cursor, last, seen) = (At(start), test._log.Count, new List<long>());
            while (Read(followed, cursor, limit) is { } page && page.Items.Count > 0)
            {
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

        Read(followed, At(3), 1);
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
        Read(followed, At(0), 1);
        Advance(followed);
        Commit(2);
        Advance(followed);
        _time.Advance(TimeSpan.FromMinutes(1));
        Commit(2);
        Advance(followed);
        Assert.Null(Read(followed, At(1), 10));

        Advance(followed);
        Commit(2);
        Advance(followed);

        Assert.Null(Read(followed, At(3), 10));
        Assert.Equal([5L, 6L], Read(followed, At(4), 10)!.Items.Select(i => i.Cursor.Index));
    }

    [Fact]
    public void What_it_may_have_missed_it_does_not_give()
    {
        var fails = false;
        var followed = Follow(10, (after, max) => fails ? throw new IOException("away") : Task.FromResult(Page(after, max)));
        Read(followed, At(0), 1);
        Advance(followed);
        Commit(2);
        Advance(followed);
        Assert.NotNull(Read(followed, At(0), 1));

        fails = true;
        Advance(followed);

        Assert.Null(Read(followed, At(0), 1));
    }

    /// <remarks>A full page beside the gap must not make it read on and on.</remarks>
    [Fact]
    public void A_gap_ends_the_look_and_all_is_forgotten()
    {
        var (isOther, looks) = (false, 0);
        var followed = Follow(10, (after, max) => Task.FromResult(isOther && ++looks < 100
            ? new TransitionPage([.. Enumerable.Range(1, max).Select(i => new LoggedTransition(At(i), FakeLog.TransitionOf("lab:F1")))], At(max), new LogGap(after, At(0)))
            : Page(after, max)));
        Read(followed, At(0), 1);
        Advance(followed);
        Commit(2);
        Advance(followed);

        isOther = true;
        Advance(followed);

        Assert.Equal(1, looks);
        Assert.Null(Read(followed, At(0), 1));
    }

    [Fact]
    public void At_its_end_it_looks_for_what_was_committed_before_the_question()
    {
        var followed = Follow(10);
        Read(followed, At(0), 1);
        Advance(followed);
        Commit(2);

        Assert.Equal([1L, 2L], Read(followed, At(0), 10)!.Items.Select(i => i.Cursor.Index));
        Assert.Equal((0, At(2)), Read(followed, At(2), 10) is { } page ? (page.Items.Count, page.Next) : default);
    }

    [Fact]
    public async Task Those_who_ask_at_its_end_while_it_looks_wait_for_one_look_together()
    {
        var (looks, open) = (0, new TaskCompletionSource());
        var followed = Follow(10, async (after, max) =>
        {
            looks++;
            await open.Task;
            return Page(after, max);
        });
        _ = followed.Read(At(0), 1, CancellationToken.None);
        var news = followed.Advance(CancellationToken.None);
        var others = Enumerable.Range(0, 5).Select(_ => followed.Read(At(0), 10, CancellationToken.None)).ToList();

        // After the look that is under way had begun, and before theirs.
        Commit(1);
        open.SetResult();
        await news;

        Assert.All(await Task.WhenAll(others), page => Assert.Single(page!.Items));
        Assert.Equal(2, looks);
    }

    [Fact]
    public void Beyond_its_end_and_for_another_life_of_the_store_the_database_is_asked()
    {
        var followed = Follow(10);
        Read(followed, At(0), 1);
        Advance(followed);
        Commit(2);
        Advance(followed);

        Assert.Null(Read(followed, At(9), 1));
        Assert.Null(Read(followed, At(1) with { History = 2 }, 1));
    }

    public void Dispose() => _followed.ForEach(f => f.Dispose());

    private LogEnds Ends => new(At(0), At(_log.Count));

    private FollowedLog Follow(int max, Func<Cursor, int, Task<TransitionPage>>? read = null)
    {
        _followed.Add(new FollowedLog(max, _ => Task.FromResult(Ends), (after, limit, _) => read?.Invoke(after, limit) ?? Task.FromResult(Page(after, limit)), _time));
        return _followed[^1];
    }

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

    private static TransitionPage? Read(FollowedLog followed, Cursor after, int limit)
    {
        var read = followed.Read(after, limit, CancellationToken.None);
        Assert.True(read.IsCompletedSuccessfully);
        return read.Result;
    }

    // All that it waits for is done at once here.
    private static void Advance(FollowedLog followed) => Assert.True(followed.Advance(CancellationToken.None).IsCompletedSuccessfully);

    private static Cursor At(int index) => new(1, index, 0);
}
