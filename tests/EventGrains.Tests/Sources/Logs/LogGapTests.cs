using EventGrains.Contracts.Shards;
using EventGrains.Contracts.Sources;
using EventGrains.Silo.Sources.Logs;

namespace EventGrains.Tests.Sources.Logs;

/// <summary>What cannot be had is said, once, and nothing else is lost with it.</summary>
public sealed class LogGapTests
{
    [Fact]
    public async Task A_truncation_without_a_copy_is_shown_as_a_gap_and_reading_goes_on()
    {
        await using var bench = new LogBench();
        bench.Append("log", "a", "b");
        bench.Start();
        await Eventually.Equal(["a", "b"], () => bench.Records);

        bench.Truncate("log");
        bench.Append("log", "c");

        await Eventually.Equal(["a", "b", "c"], () => bench.Records);
        var gap = Assert.Single(bench.DeadLetters);
        Assert.Equal((1, 4), (gap.Generation, gap.Position));
        Assert.Contains("truncated", gap.Reason, StringComparison.Ordinal);
        Assert.Contains("position 4", bench.Notes.LastGap!.Note, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_gap_is_said_once_and_survives_a_restart()
    {
        await using var bench = new LogBench();
        bench.Append("log", "a");
        bench.Start();
        await Eventually.Equal(["a"], () => bench.Records);
        await bench.Kill();

        File.Delete(bench.PathOf("log"));
        bench.Append("log", "b");
        bench.Start();
        await Eventually.Equal(["a", "b"], () => bench.Records);
        await bench.Kill();
        bench.Append("log", "c");
        bench.Start();

        await Eventually.Equal(["a", "b", "c"], () => bench.Records);
        Assert.Single(bench.DeadLetters);
    }

    [Fact]
    public async Task A_file_that_its_source_sees_and_its_reader_does_not_is_no_gap_and_is_read_when_it_is_seen()
    {
        await using var bench = new LogBench();
        bench.Append("log", "a");
        bench.Start();
        await Eventually.Equal(["a"], () => bench.Records);
        await bench.Kill();
        bench.Append("log", "b");
        var sights = new LogSights(bench.Sightings(), []);
        var elsewhere = Directory.CreateTempSubdirectory("eventgrains-elsewhere-");
        File.Move(bench.PathOf("log"), Path.Combine(elsewhere.FullName, "log"));

        bench.Start(sights);

        await Eventually.Is(
            () => bench.View.Trouble?.Contains($"does not see {bench.PathOf("log")}", StringComparison.Ordinal) == true, () => bench.View.ToString());
        Assert.Contains("name those that do by 'silos: [...]' of source billing", bench.View.Trouble, StringComparison.Ordinal);
        Assert.Null(bench.Notes.LastGap);

        File.Move(Path.Combine(elsewhere.FullName, "log"), bench.PathOf("log"));
        await Eventually.Equal(["a", "b"], () => bench.Records);
        Assert.Empty(bench.DeadLetters);
        elsewhere.Delete();
    }

    [Fact]
    public async Task A_file_that_its_source_no_longer_sees_either_is_a_gap()
    {
        await using var bench = new LogBench();
        bench.Append("log", "a");
        bench.Start();
        await Eventually.Equal(["a"], () => bench.Records);
        await bench.Kill();
        var sights = new LogSights(bench.Sightings(), []);
        File.Delete(bench.PathOf("log"));
        bench.Start(sights);
        await Eventually.Is(() => bench.View.Trouble is not null, () => bench.View.ToString());

        bench.Reader.Tell(new LogSights([], [.. sights.Now]), othersWait: false);

        await Eventually.Is(() => bench.Notes.LastGap is not null, () => bench.View.ToString());
        Assert.Equal(["a"], bench.Records);
    }

    [Fact]
    public async Task A_file_that_was_read_to_its_end_may_be_deleted_without_a_gap()
    {
        await using var bench = new LogBench();
        bench.Settings.ReaderIdleSeconds = 0.01;
        bench.Append("log", "a");
        await bench.Start().Finished.WaitAsync(TimeSpan.FromSeconds(30));
        var seen = Assert.Single(bench.Sightings());

        File.Delete(bench.PathOf("log"));
        bench.Append("log", "b");
        bench.Start(seen);

        await Eventually.Equal(["a", "b"], () => bench.Records);
        Assert.Empty(bench.DeadLetters);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_file_that_may_have_grown_before_it_vanished_is_a_gap(bool seenGrown)
    {
        await using var bench = new LogBench();
        bench.Settings.ReaderIdleSeconds = 0.01;
        bench.Append("log", "a");
        await bench.Start().Finished.WaitAsync(TimeSpan.FromSeconds(30));

        bench.Append("log", "unread");
        var seen = bench.Sightings();
        File.Delete(bench.PathOf("log"));
        Assert.True(LogFileMap.IsMissing(bench.Notes, bench.Sightings()));
        bench.Start(seenGrown ? [.. seen] : []);

        await Eventually.Is(() => bench.DeadLetters.Count == 1, () => $"{bench.DeadLetters.Count} gaps");
        Assert.Equal((1, 2), (bench.DeadLetters[0].Generation, bench.DeadLetters[0].Position));
        Assert.False(LogFileMap.IsMissing(bench.Notes, []));
    }

    [Fact]
    public async Task A_finished_file_that_holds_something_else_before_any_of_it_was_durable_is_a_gap()
    {
        await using var bench = new LogBench(shards: 1);
        bench.HoldCommits(shard: 0);
        bench.Append("log", "a1", "a2");
        bench.Start();
        await Eventually.Is(() => bench.View.Size == 6, () => bench.View.ToString());
        bench.Rename("log", "log.1");
        bench.Append("log", "b1");
        await Eventually.Is(() => bench.View is { Generation: 2, Size: 3 }, () => bench.View.ToString());
        await bench.Kill();

        bench.Truncate("log.1");
        bench.Append("log.1", "c1");
        bench.Start();

        await Eventually.Equal(["b1", "c1"], () => bench.Records);
        var gap = Assert.Single(bench.DeadLetters);
        Assert.Equal((1, 0), (gap.Generation, gap.Position));
    }

    [Fact]
    public async Task A_gap_waits_until_what_was_read_before_it_is_durable()
    {
        await using var bench = new LogBench();
        var slow = bench.ShardOf("b");
        var c = Enumerable.Range(0, 99).Select(i => $"c{i:d2}").First(r => bench.ShardOf(r) != slow);
        var idle = Enumerable.Range(0, bench.Count).Single(s => s != slow && s != bench.ShardOf(c));
        bench.Append("log", "a");
        bench.Start();
        await Eventually.Equal(["a"], () => bench.Records);
        bench.HoldCommits(slow);

        bench.Append("log", "b");
        bench.Rename("log", "log.1");
        bench.Append("log", c);
        await Eventually.Equal(["a", c], () => bench.Records);
        bench.Truncate("log");

        // The shard that has no record of this comes along when the truncation is seen.
        await Eventually.Is(() => bench.Models[idle].Durable >= new RangePoint(2, 4), () => bench.Models[idle].Durable.ToString());
        await bench.Kill();
        bench.Append("log", "d");
        bench.Start();

        await Eventually.Equal(["a", "b", c, "d"], () => bench.Records);
        var gap = Assert.Single(bench.DeadLetters);
        Assert.Equal((2, 0), (gap.Generation, gap.Position));
    }
}
