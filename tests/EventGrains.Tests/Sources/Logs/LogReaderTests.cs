using System.Text;
using EventGrains.Contracts.Sources;
using EventGrains.Silo.Sources.Logs;

namespace EventGrains.Tests.Sources.Logs;

public sealed class LogReaderTests
{
    // 129: copied and truncated, renamed, copied and truncated again while a late look at the renamed one is under way.
    public static TheoryData<int> Seeds => Lives.With(1, 2, 3, 4, 129, 143, 370);

    [Fact]
    public async Task What_is_appended_arrives_and_a_half_written_line_waits()
    {
        await using var bench = new LogBench();
        bench.Append("log", "a", "b");
        bench.AppendRaw("log", "half");
        bench.Start();
        await Eventually.Equal(["a", "b"], () => bench.Records);

        bench.AppendRaw("log", "-and-half\nc\n");

        await Eventually.Equal(["a", "b", "c", "half-and-half"], () => bench.Records);
    }

    [Fact]
    public async Task A_file_that_appears_after_its_reader_is_read()
    {
        await using var bench = new LogBench();
        bench.Start();
        await Eventually.Is(() => bench.Store.ReadPartitions("billing").Result.Count == 1, () => "claimed");
        bench.AppendRaw("log", "");
        await Eventually.Is(() => bench.Notes.Generations.Length == 1, () => "seen");

        bench.Append("log", "a");

        await Eventually.Equal(["a"], () => bench.Records);
    }

    [Fact]
    public async Task A_reader_that_takes_over_reads_on_where_the_shards_stand()
    {
        await using var bench = new LogBench();
        bench.Append("log", "a", "b", "c");
        bench.Start();
        await Eventually.Equal(["a", "b", "c"], () => bench.Records);
        await bench.Kill();
        bench.Append("log", "d");

        bench.Start();

        await Eventually.Equal(["a", "b", "c", "d"], () => bench.Records);
        Assert.Empty(bench.DeadLetters);
    }

    [Fact]
    public async Task A_lost_answer_costs_a_repeat_and_no_record()
    {
        await using var bench = new LogBench(loses: call => call % 3 == 0);
        var lines = Enumerable.Range(0, 300).Select(i => $"r{i:d3}").ToArray();
        bench.Start();
        foreach (var part in lines.Chunk(10))
        {
            bench.Append("log", part);
        }

        await Eventually.Equal(lines, () => bench.Records);
    }

    [Fact]
    public async Task After_a_rotation_by_rename_the_old_file_is_finished_and_the_new_one_follows()
    {
        await using var bench = new LogBench();
        bench.Append("log", "a");
        bench.Start();
        await Eventually.Equal(["a"], () => bench.Records);

        bench.Rename("log", "log.1");
        bench.Append("log.1", "b");
        bench.Append("log", "c");

        await Eventually.Equal(["a", "b", "c"], () => bench.Records);
        await Eventually.Is(() => bench.View.Generation == 2, () => bench.View.ToString());
        Assert.Empty(bench.DeadLetters);
    }

    [Fact]
    public async Task A_rotation_while_nobody_reads_is_finished_in_order()
    {
        await using var bench = new LogBench();
        bench.Append("log", "a");
        bench.Start();
        await Eventually.Equal(["a"], () => bench.Records);
        await bench.Kill();

        bench.Append("log", "b");
        bench.Rename("log", "log.1");
        bench.Append("log", "c");
        bench.Start();

        await Eventually.Equal(["a", "b", "c"], () => bench.Records);
        Assert.Empty(bench.DeadLetters);
        Assert.Equal(["log.1", "log"], bench.Notes.Generations.Select(g => g.Name));
    }

    [Fact]
    public async Task After_copy_and_truncate_the_rest_is_read_from_the_copy()
    {
        await using var bench = new LogBench();
        bench.Append("log", "a", "bb");
        bench.Start();
        await Eventually.Equal(["a", "bb"], () => bench.Records);
        await bench.Kill();

        bench.Append("log", "c");
        bench.CopyAndTruncate("log", "log.1");
        bench.Append("log", "d", "e", "a longer one than all that was there before");
        bench.Start();

        await Eventually.Equal(["a", "a longer one than all that was there before", "bb", "c", "d", "e"], () => bench.Records);
        Assert.Empty(bench.DeadLetters);
    }

    [Fact]
    public async Task Copy_and_truncate_under_a_running_reader_loses_nothing()
    {
        await using var bench = new LogBench();
        bench.Append("log", "a");
        bench.Start();
        await Eventually.Equal(["a"], () => bench.Records);

        bench.Append("log", "b");
        bench.CopyAndTruncate("log", "log.1");
        bench.Append("log", "c");

        await Eventually.Equal(["a", "b", "c"], () => bench.Records);
        Assert.Empty(bench.DeadLetters);
    }

    [Fact]
    public async Task A_writer_that_kept_the_rotated_file_open_is_heard_to_its_end()
    {
        await using var bench = new LogBench();
        bench.Append("log", "a");
        bench.Start();
        await Eventually.Equal(["a"], () => bench.Records);
        bench.Rename("log", "log.1");
        bench.Append("log", "b");
        await Eventually.Equal(["a", "b"], () => bench.Records);

        bench.Append("log.1", "late");
        await Eventually.Equal(["a", "b", "late"], () => bench.Records);
        bench.Append("log", "z");

        await Eventually.Equal(["a", "b", "late", "z"], () => bench.Records);
        Assert.Empty(bench.DeadLetters);
    }

    [Fact]
    public async Task An_unreadable_line_and_a_too_long_one_become_dead_letters_with_their_position()
    {
        await using var bench = new LogBench();
        bench.Append("log", "a", "!broken", new string('x', 200_000), "", "-says nothing", "b");
        bench.Start();

        await Eventually.Equal(["a", "b"], () => bench.Records);
        await Eventually.Is(() => bench.DeadLetters.Count == 2, () => $"{bench.DeadLetters.Count}");
        Assert.Equal([2, 10], bench.DeadLetters.Select(d => d.Position!.Value));
        Assert.Equal("!broken", Encoding.ASCII.GetString(bench.DeadLetters[0].Bytes));
        Assert.Equal(65_536, bench.DeadLetters[1].Bytes.Length);
        Assert.Contains("200000 bytes", bench.DeadLetters[1].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_source_of_the_wrong_format_pauses_itself_stays_so_and_goes_on_when_told()
    {
        await using var bench = new LogBench();
        bench.Append("log", Enumerable.Range(0, 200).Select(i => $"!{i}").Append("good").ToArray());
        bench.Start();
        await Eventually.Is(() => bench.View.PausedReason is not null, () => bench.View.ToString());
        await Eventually.Is(() => bench.DeadLetters.Count == 51, () => $"{bench.DeadLetters.Count} dead letters");
        await bench.Kill();
        bench.Start();
        await Eventually.Is(() => bench.View.PausedReason is not null, () => bench.View.ToString());

        await bench.Reader.Resume(skipUnreadable: true);

        await Eventually.Equal(["good"], () => bench.Records);
        await Eventually.Is(() => bench.DeadLetters.Count == 200, () => $"{bench.DeadLetters.Count}");
        Assert.Null(bench.Notes.Pause);
    }

    [Fact]
    public async Task A_file_that_was_renamed_away_is_found_where_it_lies_and_what_is_appended_there_is_read()
    {
        await using var bench = new LogBench();
        bench.Settings.ReaderIdleSeconds = 0.01;
        bench.Append("log", "a");
        await bench.Start().Finished.WaitAsync(TimeSpan.FromSeconds(30));
        bench.Rename("log", "old-log");
        Assert.True(LogFileMap.IsMissing(bench.Notes, bench.Sightings()));

        await bench.Start().Finished.WaitAsync(TimeSpan.FromSeconds(30));

        Assert.Equal("old-log", bench.Notes.Last!.Name);
        Assert.NotNull(bench.Notes.Rest);
        bench.Append("old-log", "b");
        bench.Start();
        await Eventually.Equal(["a", "b"], () => bench.Records);
        Assert.Empty(bench.DeadLetters);
    }

    [Fact]
    public async Task After_a_seek_the_lines_are_read_again_as_a_new_generation()
    {
        await using var bench = new LogBench();
        bench.Append("log", "aaaa", "bbbb", "cccc");
        bench.Start();
        await Eventually.Equal(["aaaa", "bbbb", "cccc"], () => bench.Records);

        await bench.Reader.Seek(SeekTo.Position, 7);

        await Eventually.Equal(["aaaa", "bbbb", "bbbb", "cccc", "cccc"], () => bench.Records);
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => bench.Reader.Seek(SeekTo.Position, 99));
        Assert.Contains("0 to 15", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_was_left_for_a_late_writer_and_holds_other_bytes_when_its_turn_comes_is_found_in_its_copy()
    {
        await using var bench = new LogBench();
        bench.Append("log", "x");
        bench.Start();
        await Eventually.Equal(["x"], () => bench.Records);
        bench.Rename("log", "log.1");
        bench.Append("log", "b");
        await Eventually.Equal(["b", "x"], () => bench.Records);
        await bench.Kill();

        // Killed just after it saw that log.1 has grown; while it is away, as many bytes as it had read take the place of those.
        bench.Append("log.1", "late");
        await bench.Note(notes => notes.Late(LogBench.Grown(notes.Generations[0]), notes.Last!, 2, LogFile.Hash("b\n"u8)));
        bench.CopyAndTruncate("log", "log.2");
        bench.Append("log", "c");
        bench.Start();

        await Eventually.Equal(["b", "c", "late", "x"], () => bench.Records);
        Assert.Empty(bench.DeadLetters);
    }

    [Fact]
    public async Task A_reader_that_lost_its_partition_to_another_stops()
    {
        await using var bench = new LogBench();
        bench.Append("log", "a");
        var old = bench.Start();
        await Eventually.Equal(["a"], () => bench.Records);

        bench.Start();

        // A shard that has not heard of the new reader still takes a range of the old one, which does no harm.
        var written = new List<string> { "a" };
        await Eventually.Is(
            () =>
            {
                written.Add($"b{written.Count:d5}");
                bench.Append("log", written[^1]);
                return old.Finished.IsCompleted;
            },
            () => "the old reader goes on");
        await Eventually.Equal(written, () => bench.Records);
    }

    [Fact]
    public async Task A_reader_that_has_read_everything_rests_and_its_partition_has_no_work_until_the_file_grows()
    {
        await using var bench = new LogBench();
        bench.Settings.ReaderIdleSeconds = 0.01;
        bench.Append("log", "a");
        var reader = bench.Start();
        await reader.Finished.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.True(reader.View.IsResting);
        Assert.False(LogFileMap.HasWork(bench.Notes, bench.Sightings()));

        bench.Append("log", "b");
        Assert.True(LogFileMap.HasWork(bench.Notes, bench.Sightings()));
        bench.Start();

        await Eventually.Equal(["a", "b"], () => bench.Records);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task No_record_is_lost_by_appends_rotations_copies_kills_and_lost_answers(int seed)
    {
        var random = new Random(seed);
        var losing = new Random(seed + 1000);
        await using var bench = new LogBench(loses: _ => losing.Next(10) == 0);
        bench.Settings.RotationGraceSeconds = 2;
        var written = new List<string>();
        var rotations = 0;
        bench.Append("log", "first");
        written.Add("first");
        bench.Start();

        for (var step = 0; step < 40; step++)
        {
            switch (random.Next(8))
            {
                case 0:
                    await bench.Kill();
                    bench.Start();
                    break;
                case 1 when rotations < 3:
                    // Only what was seen before its rename is known to be this partition's.
                    await Eventually.Is(CaughtUp, NotCaughtUp);
                    bench.Rename("log", $"log.{++rotations}");
                    Write(1);
                    break;
                case 2 when rotations < 3:
                    await Eventually.Is(CaughtUp, NotCaughtUp);
                    Write(2);
                    bench.CopyAndTruncate("log", $"log.{++rotations}");
                    Write(1);
                    break;
                default:
                    Write(random.Next(1, 20));
                    break;
            }
        }

        await Eventually.Is(CaughtUp, NotCaughtUp);
        Assert.Equal(written.Order(StringComparer.Ordinal), bench.Records.Distinct());
        Assert.True(bench.DeadLetters.Count == 0, $"seed {seed}: {string.Join("; ", bench.DeadLetters.Select(d => d.Reason))}");

        bool CaughtUp() => written.All(bench.Records.Contains);

        string NotCaughtUp() => $"seed {seed}: {string.Join(", ", written.Except(bench.Records))} is not durable; the reader shows {bench.View}, its generations are {string.Join(", ", bench.Notes.Generations)}; dead letters: {string.Join(", ", bench.DeadLetters.Select(d => d.Reason))}";

        void Write(int count)
        {
            var lines = Enumerable.Range(written.Count, count).Select(i => $"r{i:d4}").ToArray();
            bench.Append("log", lines);
            written.AddRange(lines);
        }
    }
}
