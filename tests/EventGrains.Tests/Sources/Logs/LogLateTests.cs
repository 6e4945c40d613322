using System.Text;
using EventGrains.Silo.Sources.Logs;

namespace EventGrains.Tests.Sources.Logs;

/// <summary>Files that were finished and change after all: writers that kept them open, and copies over the same copy.</summary>
public sealed class LogLateTests
{
    [Theory]
    [InlineData("log.old")]
    [InlineData("old")] // where the glob does not look
    public async Task What_nobody_had_begun_to_read_when_it_was_copied_over_the_old_copy_is_read(string copy)
    {
        await using var bench = new LogBench();
        bench.Append("log", "a1", "a2", "a3");
        bench.Start();
        await Eventually.Equal(["a1", "a2", "a3"], () => bench.Records);
        bench.CopyAndTruncate("log", copy);
        await Eventually.Is(() => bench.Notes.Generations is [{ End: 9 }, { End: null }] && bench.AllStandAt(1, 9), () => Shown(bench));
        await bench.Kill();

        bench.Append("log", "b1");
        bench.CopyOver("log", copy);
        bench.Truncate("log");
        bench.Append("log", "c1");
        Assert.True(LogFileMap.HasWork(bench.Notes, bench.Sightings()));
        bench.Start();

        await Eventually.Equal(["a1", "a2", "a3", "b1", "c1"], () => bench.Records);
        Assert.Empty(bench.DeadLetters);
    }

    [Fact]
    public async Task A_copy_of_the_same_length_over_the_old_copy_is_read_as_well()
    {
        await using var bench = new LogBench();
        bench.Append("log", "a1");
        bench.Start();
        await Eventually.Equal(["a1"], () => bench.Records);
        bench.CopyAndTruncate("log", "log.old");
        await Eventually.Is(() => bench.Notes.Generations is [{ End: 3 }, { End: null }] && bench.AllStandAt(1, 3), () => Shown(bench));
        await bench.Kill();

        bench.Append("log", "b1");
        bench.CopyOver("log", "log.old");
        bench.Truncate("log");
        bench.Start();

        await Eventually.Equal(["a1", "b1"], () => bench.Records);
    }

    [Theory]
    [InlineData("log.old")]
    [InlineData("old")]
    public async Task A_copy_over_the_same_copy_is_no_gap_and_is_not_read_again(string copy)
    {
        await using var bench = new LogBench();
        bench.Append("log", "a1", "a2");
        bench.Start();
        await Eventually.Equal(["a1", "a2"], () => bench.Records);
        bench.CopyAndTruncate("log", copy);
        bench.Append("log", "b1", "b2", "b3", "b4");
        await Eventually.Equal(["a1", "a2", "b1", "b2", "b3", "b4"], () => bench.Records);

        bench.CopyOver("log", copy);
        bench.Look();
        await Eventually.Is(() => !LogFileMap.HasWork(bench.Notes, [.. bench.Sightings().Where(s => s.Name == copy)]), () => Shown(bench));
        bench.Truncate("log");
        bench.Append("log", "c1");

        await Eventually.Equal(["a1", "a2", "b1", "b2", "b3", "b4", "c1"], () => bench.Records);
        Assert.Empty(bench.DeadLetters);
        Assert.Equal([copy, "log"], bench.Notes.Generations.TakeLast(2).Select(g => g.Name));
    }

    [Fact]
    public async Task A_copy_of_what_is_not_durable_yet_is_left_alone_until_it_is_and_read_when_it_never_was()
    {
        await using var bench = new LogBench(shards: 1);
        bench.Append("log", "z");
        bench.Start();
        await Eventually.Equal(["z"], () => bench.Records);
        bench.Rename("log", "log.z");
        bench.Append("log", "a1", "a2");
        await Eventually.Equal(["a1", "a2", "z"], () => bench.Records);
        bench.CopyAndTruncate("log", "log.old");
        await Eventually.Is(() => bench.Models[0].Durable.Position == 6 && bench.Notes.Generations.Length == 3, () => Shown(bench));
        bench.HoldCommits(shard: 0);
        bench.Append("log", "b1");
        await Eventually.Is(() => bench.View.Size == 3, () => bench.View.ToString());

        // When the one after it is settled, it has been looked at.
        bench.CopyOver("log", "log.old");
        File.SetLastWriteTimeUtc(bench.PathOf("log.z"), new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        bench.Look();
        await Eventually.Is(() => !LogFileMap.HasWork(bench.Notes, [.. bench.Sightings().Where(s => s.Name == "log.z")]), () => Shown(bench));
        await bench.Kill();
        bench.Truncate("log");
        bench.Append("log", "c1");
        bench.Start();

        await Eventually.Equal(["a1", "a2", "b1", "c1", "z"], () => bench.Records);
        Assert.Empty(bench.DeadLetters);
    }

    [Fact]
    public async Task Any_other_content_of_a_finished_file_is_read_from_its_beginning()
    {
        await using var bench = new LogBench();
        bench.Append("log", "a1", "a2");
        bench.Start();
        await Eventually.Equal(["a1", "a2"], () => bench.Records);
        bench.Rename("log", "log.1");
        bench.Append("log", "b1");
        await Eventually.Equal(["a1", "a2", "b1"], () => bench.Records);

        bench.Truncate("log.1");
        bench.Append("log.1", "c1", "c2", "c3");
        bench.Look();
        await Eventually.Equal(["a1", "a2", "b1", "c1", "c2", "c3"], () => bench.Records);
        bench.Append("log", "b2");

        await Eventually.Equal(["a1", "a2", "b1", "b2", "c1", "c2", "c3"], () => bench.Records);
        Assert.Empty(bench.DeadLetters);
    }

    [Fact]
    public async Task A_finished_file_that_was_only_touched_is_not_read_again_and_needs_no_reader()
    {
        await using var bench = new LogBench();
        bench.Append("log", "a");
        bench.Start();
        await Eventually.Equal(["a"], () => bench.Records);
        bench.Rename("log", "log.1");
        bench.Append("log", "b");
        await Eventually.Equal(["a", "b"], () => bench.Records);

        var before = bench.Notes;
        File.SetLastWriteTimeUtc(bench.PathOf("log.1"), new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        var touched = bench.Sightings().Where(s => s.Name == "log.1").ToArray();
        Assert.True(LogFileMap.HasWork(before, touched));
        bench.Look();

        await Eventually.Is(() => !LogFileMap.HasWork(bench.Notes, touched), () => Shown(bench));
        Assert.Equal(["a", "b"], bench.Records);
        Assert.Equal(2, bench.Notes.Generations.Length);
    }

    [Fact]
    public async Task Two_old_files_whose_writers_stay_are_both_heard_and_the_present_one_is_not_read_again()
    {
        await using var bench = new LogBench();
        bench.Append("log", "a");
        bench.Start();
        await Eventually.Equal(["a"], () => bench.Records);
        using var first = bench.OpenWriter("log");
        bench.Rename("log", "log.1");
        bench.Append("log", "b");
        await Eventually.Equal(["a", "b"], () => bench.Records);
        using var second = bench.OpenWriter("log");
        bench.Rename("log", "log.2");
        bench.Append("log", "c1", "c2", "c3");
        await Eventually.Equal(["a", "b", "c1", "c2", "c3"], () => bench.Records);

        // The present one is at rest while both are heard, each within the grace of the other.
        bench.Settings.RotationGraceSeconds = 2;
        first.Write("late-1\n"u8);
        second.Write("late-2\n"u8);
        bench.Look();
        await Eventually.Equal(["a", "b", "c1", "c2", "c3", "late-1", "late-2"], () => bench.Records);
        bench.Append("log", "d");

        await Eventually.Equal(["a", "b", "c1", "c2", "c3", "d", "late-1", "late-2"], () => bench.Records);
        Assert.Empty(bench.DeadLetters);
        Assert.All(bench.Notes.Generations, g => Assert.True(g.End is null || g.End >= g.Start, Shown(bench)));
    }

    [Fact]
    public async Task A_generation_that_was_noted_with_an_end_before_its_start_stops_nothing()
    {
        await using var bench = new LogBench();
        bench.Append("log", "a");
        bench.Start();
        await Eventually.Equal(["a"], () => bench.Records);
        bench.Rename("log", "log.1");
        bench.Append("log", "b");
        await Eventually.Equal(["a", "b"], () => bench.Records);
        bench.Rename("log", "log.2");
        var lines = Enumerable.Range(0, 2_000).Select(i => $"c{i:d4}").ToArray();
        bench.Append("log", lines);
        await Eventually.Equal(["a", "b", .. lines], () => bench.Records);
        await bench.Kill();

        // What was saved when a late file was noticed at the end of another late one: the position in that is the end of this.
        bench.Append("log.1", "late-1");
        bench.Append("log.2", "late-2");
        var text = Encoding.ASCII.GetBytes(string.Concat(lines.Select(l => l + "\n")));
        await bench.Note(n => n.Late(LogBench.Grown(n.Generations[1]), n.Last!, text.Length, LogFile.Hash(text.AsSpan()[^LogFile.CheckBytes..])));
        var wrong = LogFile.Hash("b\nlate-2\n"u8);
        await bench.Note(n => n.Close(5, 9, wrong).FollowLate(LogBench.Grown(n.Generations[0])) with { Rest = null });
        await bench.Note(n => n with { Generations = n.Generations.Add(n.Generations[4] with { Number = 7, Start = 9, End = null, StartCheck = wrong, EndCheck = null }) });
        bench.Start();

        string[] all = ["a", "b", .. lines, "late-1", "late-2"];
        await Eventually.Equal(all, () => bench.Records.Distinct());
        bench.Append("log", "d");
        await Eventually.Equal([.. all[..^2], "d", .. all[^2..]], () => bench.Records.Distinct());
        Assert.Null(bench.View.Trouble);
    }

    [Fact]
    public async Task A_process_that_goes_on_writing_to_the_old_file_does_not_keep_the_new_one_from_being_read()
    {
        await using var bench = new LogBench();
        bench.Settings.RotationGraceSeconds = 1;
        bench.Append("log", "a");
        bench.Start();
        await Eventually.Equal(["a"], () => bench.Records);
        using var old = bench.OpenWriter("log");
        bench.Rename("log", "log.1");
        var written = new List<string> { "a" };

        var began = TimeProvider.System.GetTimestamp();

        // Never silent for the grace: the first time the new file waits for it, from then on old and new are read in turns.
        for (var round = 0; round < 3 || Seconds() < 4; round++)
        {
            bench.Append("log", $"new-{round}");
            written.Add($"new-{round}");
            await Eventually.Is(
                () =>
                {
                    var line = $"old-{written.Count:d5}";
                    old.Write(Encoding.ASCII.GetBytes(line + "\n"));
                    written.Add(line);
                    return bench.Records.Contains($"new-{round}");
                },
                () => Shown(bench));
        }

        await Eventually.Equal(written.Order(StringComparer.Ordinal), () => bench.Records);
        Assert.Empty(bench.DeadLetters);

        // Two generations a second at most, and none kept that all shards have passed.
        Assert.InRange(bench.Notes.Last!.Number, 4, 4 + (2 * Seconds()));
        Assert.InRange(bench.Notes.Generations.Length, 2, 12);

        double Seconds() => TimeProvider.System.GetElapsedTime(began).TotalSeconds;
    }

    [Fact]
    public async Task A_line_that_a_late_writer_is_in_the_midst_of_is_one_record()
    {
        await using var bench = new LogBench();
        bench.Append("log", "a");
        bench.Start();
        await Eventually.Equal(["a"], () => bench.Records);
        using var old = bench.OpenWriter("log");
        bench.Rename("log", "log.1");
        bench.Append("log", "b");
        await Eventually.Equal(["a", "b"], () => bench.Records);
        bench.Settings.RotationGraceSeconds = 30;

        old.Write("late-1\nla"u8);
        await Eventually.Equal(["a", "b", "late-1"], () => bench.Records);
        bench.Append("log", "c");
        await Eventually.Equal(["a", "b", "c", "late-1"], () => bench.Records);
        old.Write("te-2\n"u8);

        await Eventually.Equal(["a", "b", "c", "late-1", "late-2"], () => bench.Records);
    }

    private static string Shown(LogBench bench) =>
        $"{bench.View}; records {string.Join(", ", bench.Records)}; generations {string.Join(", ", bench.Notes.Generations)}; dead letters {string.Join(", ", bench.DeadLetters.Select(d => d.Reason))}";
}
