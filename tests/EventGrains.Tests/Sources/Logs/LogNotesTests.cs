using EventGrains.Contracts.Shards;
using EventGrains.Contracts.Sources;
using EventGrains.Silo.Posix;
using EventGrains.Silo.Sources.Logs;

namespace EventGrains.Tests.Sources.Logs;

public sealed class LogNotesTests
{
    private static readonly FileIdentity First = new(1, 10, 100);
    private static readonly FileIdentity Second = new(1, 11, 200);
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    [Theory]
    // read up to 50 | size, has a name, the partition's name leads to it / another / nothing, writers, quiet for
    [InlineData(60, true, "it", Writers.None, 0, EndVerdict.ReadOn)]
    [InlineData(60, true, "another", Writers.None, 99, EndVerdict.ReadOn)]
    [InlineData(49, true, "it", Writers.Some, 0, EndVerdict.Truncated)]
    [InlineData(0, true, "another", Writers.None, 0, EndVerdict.Truncated)]
    [InlineData(50, true, "it", Writers.None, 99, EndVerdict.Wait)]
    [InlineData(50, true, "nothing", Writers.None, 99, EndVerdict.Wait)]
    [InlineData(50, true, "another", Writers.None, 0, EndVerdict.Finished)]
    [InlineData(50, true, "another", Writers.Some, 1, EndVerdict.Wait)]
    [InlineData(50, true, "another", Writers.Some, 6, EndVerdict.Finished)]
    [InlineData(50, true, "another", Writers.CannotTell, 1, EndVerdict.Wait)]
    [InlineData(50, true, "another", Writers.CannotTell, 6, EndVerdict.Finished)]
    [InlineData(50, false, "nothing", Writers.Some, 1, EndVerdict.Wait)]
    [InlineData(50, false, "nothing", Writers.None, 0, EndVerdict.Finished)]
    internal void What_the_end_of_a_file_means(long size, bool hasName, string atName, Writers writers, int quietSeconds, EndVerdict expected)
    {
        FileIdentity? bearer = atName switch { "it" => First, "another" => Second, _ => null };

        Assert.Equal(expected, LogEnd.Judge(First, 50, new EndSight(size, hasName, bearer, writers, TimeSpan.FromSeconds(quietSeconds)), Grace));
    }

    [Fact]
    public void A_reused_inode_is_another_file_by_its_birth() =>
        Assert.Equal(
            EndVerdict.Finished,
            LogEnd.Judge(First, 50, new EndSight(50, false, First with { BirthNanoseconds = 101 }, Writers.None, TimeSpan.Zero), Grace));

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
        var notes = LogNotes.Empty.Follow(First, "log").Follow(Second, "log").Lose(new RangePoint(1, 20), "gone");

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

        notes = notes.Late(notes.Generations[0], presentPosition: 7, presentCheck: "before 7");

        Assert.Equal(
            [(1L, First, 0L, 50L), (2, Second, 0, 7), (3, First, 50, null), (4, Second, 7, (long?)null)],
            notes.Generations.Select(g => (g.Number, g.File!.Value, g.Start, g.End)));
        Assert.Equal([null, null, "before 50", "before 7"], notes.Generations.Select(g => g.StartCheck));
    }

    [Fact]
    public void A_finished_file_that_was_longer_when_it_was_seen_last_and_is_no_more_has_not_grown()
    {
        var notes = LogNotes.Empty.Follow(First, "log").Close(1, 50);

        Assert.Null(LogFileMap.FindLate(notes, [Seen("log.1", First, 300)], _ => 50));
        Assert.Null(LogFileMap.FindLate(notes, [Seen("log.1", First, 300)], _ => null));
        Assert.Equal(notes.Last, LogFileMap.FindLate(notes, [Seen("log.1", First, 300)], _ => 51));
    }

    [Fact]
    public void Notes_are_read_back_as_they_were_written()
    {
        var notes = LogNotes.Empty.Follow(First, "a/log").Lose(new RangePoint(1, 20), "gone").Follow(Second, "log") with
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

    private static LogSighting Seen(string name, FileIdentity file, long size) =>
        new(name, file.Device, file.Inode, file.BirthNanoseconds, size, 1);
}
