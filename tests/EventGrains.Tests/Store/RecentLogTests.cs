using EventGrains.Contracts.Transitions;
using EventGrains.Files;
using EventGrains.Silo.Store.Rocks;

namespace EventGrains.Tests.Store;

/// <summary>What is kept in memory of the log is exactly what the table would give, or nothing.</summary>
public sealed class RecentLogTests
{
    private static readonly Cursor Start = new(7, 10, 3);

    [Fact]
    public void It_gives_what_follows_a_cursor_page_by_page_and_ends_where_the_log_ends()
    {
        var log = Filled(new RecentLog(Start, 100));

        Assert.Equal(["11-0", "11-1"], Places(log.Read(Start, 2)));
        Assert.Equal(["13-0", "14-0", "14-1", "14-2"], Places(log.Read(new Cursor(7, 11, 1), 100)));
        Assert.Equal(["14-1", "14-2"], Places(log.Read(new Cursor(7, 14, 0), 100)));
        Assert.Equal(["14-0", "14-1", "14-2"], Places(log.Read(new Cursor(7, 14, -1), 100)));
        var end = log.Read(new Cursor(7, 14, 2), 100)!;
        Assert.Empty(end.Items);
        Assert.Equal(new Cursor(7, 14, 2), end.Next);
    }

    [Fact]
    public void It_knows_whose_each_is_and_its_sequence()
    {
        var log = Filled(new RecentLog(Start, 100));

        Assert.Equal(["2:20", "0:7", "0:8", "2:21", "2:22", "0:9"], log.Read(Start, 100)!.Items.Select(i => $"{i.Shard}:{i.Sequence}"));
        Assert.Equal(["2:22", "0:9"], log.Read(new Cursor(7, 14, 0), 100)!.Items.Select(i => $"{i.Shard}:{i.Sequence}"));
    }

    [Fact]
    public void It_leaves_to_the_table_what_it_does_not_hold()
    {
        var log = Filled(new RecentLog(Start, 100));

        Assert.Null(log.Read(new Cursor(7, 10, 2), 100));
        Assert.Null(log.Read(new Cursor(7, 14, 3), 100));
        Assert.Null(log.Read(new Cursor(8, 14, 0), 100));
    }

    [Fact]
    public void At_the_bound_the_oldest_commits_leave_whole()
    {
        var log = Filled(new RecentLog(Start, 4));

        Assert.Null(log.Read(Start, 100));
        Assert.Equal(["13-0", "14-0", "14-1", "14-2"], Places(log.Read(new Cursor(7, 11, 1), 100)));
        Assert.Empty(Filled(new RecentLog(Start, 0)).Read(new Cursor(7, 14, 2), 100)!.Items);
    }

    [Fact]
    public void What_was_pruned_from_the_log_is_not_given_any_more()
    {
        var log = Filled(new RecentLog(Start, 100));

        log.Prune(new Cursor(7, 14, 0));

        Assert.Null(log.Read(new Cursor(7, 13, 0), 100));
        Assert.Null(log.Read(new Cursor(7, 14, 0), 100)); // of a commit that was pruned in part the table gives the rest
        Assert.Empty(log.Read(new Cursor(7, 14, 2), 100)!.Items);
    }

    [Fact]
    public void It_grows_and_turns_around_without_a_hole()
    {
        var log = new RecentLog(Start, 500);
        for (var index = 11; index < 3_000; index++)
        {
            log.Append(index, [Transition(1)], [new SequenceRun(0, 0, index)]);
            if (index % 7 == 0)
            {
                Assert.Equal([$"{index}-0"], Places(log.Read(new Cursor(7, index - 1, 0), 10)));
            }
        }

        Assert.Equal(500, log.Read(new Cursor(7, 2_499, 0), 1_000)!.Items.Count);
    }

    private static RecentLog Filled(RecentLog log)
    {
        log.Append(11, [Transition(1), Transition(2)], [new SequenceRun(0, 2, 20), new SequenceRun(1, 0, 7)]);
        log.Append(12, [], []);
        log.Append(13, [Transition(3)], [new SequenceRun(0, 0, 8)]);
        log.Append(14, [Transition(4), Transition(5), Transition(6)], [new SequenceRun(0, 2, 21), new SequenceRun(2, 0, 9)]);
        return log;
    }

    private static Transition Transition(int version) => Sample.TransitionOf(Sample.New(Sample.IdIn(0), 0) with { Version = version });

    private static IEnumerable<string>? Places(TransitionPage? page) => page?.Items.Select(i => $"{i.Cursor.Index}-{i.Cursor.Ordinal}");
}
