using EventGrains.Contracts.Shards;
using EventGrains.Contracts.Sources;
using EventGrains.Silo.Posix;
using EventGrains.Silo.Sources.Logs;

namespace EventGrains.Tests.Sources.Logs;

public sealed class LogNotesTests
{
    private static readonly FileIdentity First = new(1, 10, 100);
    private static readonly FileIdentity Second = new(1, 11, 200);
    private static readonly FileIdentity Third = new(1, 12, 300);
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    [Theory]
    // read up to 50 | size, has a name, has a successor, writers, quiet for, might have ended for
    [InlineData(60, true, false, Writers.None, 0, 0, EndVerdict.ReadOn)]
    [InlineData(60, true, true, Writers.None, 99, 99, EndVerdict.ReadOn)]
    [InlineData(49, true, false, Writers.Some, 0, 0, EndVerdict.Truncated)]
    [InlineData(0, true, true, Writers.None, 0, 0, EndVerdict.Truncated)]
    [InlineData(50, true, false, Writers.None, 99, 0, EndVerdict.Wait)]
    [InlineData(50, true, true, Writers.None, 0, 0, EndVerdict.Finished)]
    [InlineData(50, true, true, Writers.Some, 1, 9, EndVerdict.Wait)]
    [InlineData(50, true, true, Writers.Some, 1, 10, EndVerdict.Left)]
    [InlineData(50, true, true, Writers.Some, 6, 10, EndVerdict.Finished)]
    [InlineData(50, true, true, Writers.CannotTell, 1, 9, EndVerdict.Wait)]
    [InlineData(50, true, true, Writers.CannotTell, 1, 10, EndVerdict.Left)]
    [InlineData(50, true, true, Writers.CannotTell, 6, 6, EndVerdict.Finished)]
    [InlineData(50, false, false, Writers.Some, 1, 1, EndVerdict.Wait)]
    [InlineData(50, false, false, Writers.Some, 1, 10, EndVerdict.Left)]
    [InlineData(50, false, false, Writers.None, 0, 0, EndVerdict.Finished)]
    internal void What_the_end_of_a_file_means(
        long size, bool hasName, bool hasSuccessor, Writers writers, int quietSeconds, int waitedSeconds, EndVerdict expected)
    {
        var sight = new EndSight(size, hasName, hasSuccessor, writers, TimeSpan.FromSeconds(quietSeconds));

        Assert.Equal(expected, LogEnd.Judge(50, sight, TimeSpan.FromSeconds(waitedSeconds), Grace));
    }

    [Fact]
    public void A_reused_inode_is_another_file_by_its_birth() =>
        Assert.False(LogNotes.Empty.Follow(First, "log").Knows(First with { BirthNanoseconds = 101 }));

    [Fact]
    public void Reading_begins_at_the_lowest_shard()
    {
        var notes = LogNotes.Empty.Follow(First, "log").Close(1, 50).Follow(Second, "log");

        Assert.Equal(new RangePoint(1, 20), notes.BeginFor([new(2, 5), new(1, 20), new(2, 0)]));
        Assert.Equal(new RangePoint(1, 0), notes.BeginFor([new(2, 5), default]));
    }

    [Fact]
    public void After_a_seek_every_shard_jumps_to_it_from_wherever_it_stands()
    {
        var notes = LogNotes.Empty.Follow(First, "log").Seek(30);

        Assert.Equal(new RangePoint(2, 30), notes.BeginFor([new(1, 5), new(1, 40)]));
        Assert.Equal(new RangePoint(2, 35), notes.BeginFor([new(2, 35), new(2, 40)]));
        Assert.Equal(First, notes.Last!.File);
    }

    [Fact]
    public void What_is_lost_is_a_generation_of_its_own_and_later_ones_come_after_it()
    {
        var notes = LogNotes.Empty.Follow(First, "log").Follow(Second, "log").Lose(new RangePoint(1, 20), null, "gone");

        Assert.Equal(
            [(1L, First, 20L), (2, Second, null), (3, null, 0), (4, Second, null)],
            notes.Generations.Select(g => (g.Number, g.File, g.End)).Select(g => (g.Number, g.File ?? (FileIdentity?)null, g.End)));
        Assert.Equal(new RangePoint(3, 0), notes.BeginFor([new(1, 20), new(2, 7)]));
        Assert.Equal("gone", notes.LastGap!.Note);
    }

    [Fact]
    public void A_late_writer_makes_a_generation_of_the_old_file_and_the_present_one_goes_on_after_it()
    {
        var notes = LogNotes.Empty.Follow(First, "log").Close(1, 50, "before 50").Follow(Second, "log");

        notes = notes.Late(Grown(notes.Generations[0]), notes.Generations[1], presentPosition: 7, presentCheck: "before 7");

        Assert.Equal(
            [(1L, First, 0L, 50L), (2, Second, 0, 7), (3, First, 50, null), (4, Second, 7, (long?)null)],
            notes.Generations.Select(g => (g.Number, g.File!.Value, g.Start, g.End)));
        Assert.Equal([null, null, "before 50", "before 7"], notes.Generations.Select(g => g.StartCheck));
    }

    [Fact]
    public void Only_the_last_generation_can_be_broken_off_for_a_late_writer()
    {
        var notes = LogNotes.Empty.Follow(First, "log").Close(1, 50).Follow(Second, "log").Close(2, 60).Follow(Third, "log");

        Assert.Throws<ArgumentException>(() => notes.Late(Grown(notes.Generations[0]), notes.Generations[1], 60, null));
        Assert.Throws<ArgumentException>(() => notes.Late(Grown(notes.Generations[0]), notes.Generations[2], -1, null));
    }

    [Theory]
    // finished at 50 and settled at (50, 1) | size, modified, whether there may be something to read
    [InlineData(50, 1, false)]
    [InlineData(51, 2, true)]
    [InlineData(49, 2, true)]
    [InlineData(50, 2, true)]
    [InlineData(0, 2, false)]
    public void A_finished_file_is_looked_at_again_when_it_is_not_as_it_was_and_not_empty(long size, long modified, bool isChanged)
    {
        var notes = LogNotes.Empty.Follow(First, "log").Close(1, 50, "before 50", new LogRest(50, 1));

        Assert.Equal(isChanged ? notes.Last : null, LogFileMap.Changed(notes, First, new LogRest(size, modified)));
        Assert.Null(LogFileMap.Changed(notes.Settle(1, new LogRest(size, modified)), First, new LogRest(size, modified)));
        Assert.Null(LogFileMap.Changed(notes.Follow(First, "log"), First, new LogRest(size, modified)));
    }

    [Fact]
    public void A_writer_that_is_late_for_hours_pushes_out_no_other_file_and_the_notes_do_not_grow()
    {
        var notes = LogNotes.Empty.Follow(Third, "log").Close(1, 10, "").Follow(First, "log").Close(2, 50, "").Follow(Second, "log");
        for (var i = 1; i < 10_000; i++)
        {
            var old = notes.Generations.Last(g => g.File == First);
            notes = notes.Late(Grown(old), notes.Last!, i, "");
            notes = notes.Close(notes.Last!.Number - 1, 50 + i, "").Trim(notes.Last!.Number);
        }

        Assert.Equal([Third, First, Second], notes.Generations.Select(g => g.File!.Value));
    }

    [Fact]
    public void While_a_shard_lags_late_writers_wait_before_the_notes_grow_beyond_their_bound()
    {
        var notes = LogNotes.Empty.Follow(First, "log").Close(1, 50, "").Follow(Second, "log");
        for (var i = 1; notes.HasRoomForLate(committedGeneration: 1); i++)
        {
            notes = notes.Late(Grown(notes.Generations.Last(g => g.File == First)), notes.Last!, i, "");
            notes = notes.Close(notes.Last!.Number - 1, 50 + i, "").Trim(committedGeneration: 1);
        }

        Assert.Equal(LogNotes.GenerationsMax, notes.Generations.Length);
        Assert.True(notes.HasRoomForLate(committedGeneration: 3));
    }

    [Fact]
    public void Notes_are_read_back_as_they_were_written()
    {
        var notes = LogNotes.Empty.Follow(First, "a/log").Lose(new RangePoint(1, 20), null, "gone").Follow(Second, "log") with
        {
            Rest = new LogRest(7, 8),
            Pause = new LogPause("why", new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc)),
        };

        var again = LogNotes.Read(notes.Write());

        Assert.Equal(notes.Generations, again.Generations);
        Assert.Equal((notes.Rest, notes.Pause), (again.Rest, again.Pause));
        Assert.Empty(LogNotes.Read("").Generations);
    }

    [Fact]
    public void Generations_are_bounded_and_none_is_forgotten_that_a_shard_needs()
    {
        var notes = LogNotes.Empty;
        for (var i = 0; i < LogNotes.GenerationsMax + 50; i++)
        {
            notes = notes.Follow(new FileIdentity(1, (ulong)i, 0), "log");
        }

        Assert.Equal(LogNotes.GenerationsMax, notes.Trim(committedGeneration: 200).Generations.Length);
        Assert.Equal(3, notes.Trim(committedGeneration: 3).Generations[0].Number);
    }

    [Fact]
    public void A_file_keeps_its_partition_whatever_it_is_called_and_a_new_one_is_the_next_of_its_name()
    {
        var notes = LogNotes.Empty.Follow(First, "log");

        var assigned = LogFileMap.Assign(
            [KeyValuePair.Create("log", notes)],
            [Seen("log.1", First, 5), Seen("log", Second, 3), Seen("other", new FileIdentity(1, 12, 0), 1), Seen("other-too", new FileIdentity(1, 12, 0), 1)]);

        Assert.Equal(["log", "log.1"], assigned["log"].Select(s => s.Name));
        Assert.Equal(["other", "other-too"], assigned["other"].Select(s => s.Name));
        Assert.Equal(2, assigned.Count);
    }

    [Fact]
    public void A_partition_needs_a_reader_only_when_something_is_unread_or_unsettled()
    {
        var open = LogNotes.Empty.Follow(First, "log");
        var resting = open with { Rest = new LogRest(5, 1) };
        var closed = open.Close(1, 5);

        Assert.True(LogFileMap.HasWork(open, [Seen("log", First, 5)]));
        Assert.True(LogFileMap.IsMissing(open, []));
        Assert.True(LogFileMap.IsMissing(resting, []));
        Assert.False(LogFileMap.IsMissing(open, [Seen("log", First, 5)]));
        Assert.False(LogFileMap.IsMissing(closed, []));
        Assert.False(LogFileMap.HasWork(resting, [Seen("log", First, 5)]));
        Assert.True(LogFileMap.HasWork(resting, [Seen("log", First, 6)]));
        Assert.True(LogFileMap.HasWork(resting, [Seen("log", First, 5) with { ModifiedNanoseconds = 2 }]));
        Assert.False(LogFileMap.HasWork(resting, []));
        Assert.False(LogFileMap.HasWork(closed, [Seen("log.1", First, 5)]));
        Assert.True(LogFileMap.HasWork(closed, [Seen("log.1", First, 6)]));
        Assert.True(LogFileMap.HasWork(closed, [Seen("log", Second, 0)]));
    }

    [Fact]
    public void More_than_five_percent_unreadable_of_the_last_thousand_is_too_much_and_skipping_ends_when_it_is_over()
    {
        var window = new UnreadableWindow();
        Add(window, 50, unreadable: true);
        Add(window, 940, unreadable: false);
        Assert.False(window.IsExceeded);
        Add(window, 1, unreadable: true);
        Assert.True(window.IsExceeded);

        window.Restart(skip: true);
        Add(window, 500, unreadable: true);
        Assert.False(window.IsExceeded);
        Add(window, 1_000, unreadable: false);
        Add(window, 51, unreadable: true);
        Assert.True(window.IsExceeded);
    }

    private static void Add(UnreadableWindow window, int count, bool unreadable)
    {
        for (var i = 0; i < count; i++)
        {
            window.Add(unreadable);
        }
    }

    private static LateFile Grown(LogGeneration generation) => new(generation, generation.End, generation.EndCheck, new LogRest(0, 0));

    private static LogSighting Seen(string name, FileIdentity file, long size) =>
        new(name, file.Device, file.Inode, file.BirthNanoseconds, size, 1);
}
