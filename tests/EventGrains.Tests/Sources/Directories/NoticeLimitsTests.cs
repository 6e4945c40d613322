using System.Globalization;
using EventGrains.Contracts.Sources;
using EventGrains.Silo.Sources.Directories;

namespace EventGrains.Tests.Sources.Directories;

/// <summary>What the kernel does not tell is found all the same, and what must be raised is said.</summary>
public sealed class NoticeLimitsTests
{
    [Fact]
    public async Task What_happens_after_the_kernels_queue_overflowed_is_found_by_a_scan_and_nothing_is_deleted_that_is_there()
    {
        var queued = int.Parse(File.ReadAllText("/proc/sys/fs/inotify/max_queued_events"), CultureInfo.InvariantCulture);
        Assert.SkipUnless(queued <= 200_000, $"the kernel queues {queued} notices, too many to overflow here");
        using var kernel = new Kernel();
        await using var bench = new DirectoryBench { OpenNotices = kernel.Open };
        Array.ForEach(["deleted", "flood-a", "flood-b", "kept", "renamed", "rewritten"], name => bench.Write(name));
        await bench.StartAndScan();

        kernel.HoldNotices();
        Flood(bench, queued);
        File.Delete(bench.PathOf("deleted"));
        File.Move(bench.PathOf("renamed"), bench.PathOf("moved"));
        bench.Write("rewritten", "longer than it was");
        bench.Write("new");
        bench.Write("deep/er/new");
        kernel.LetNoticesGo();

        await Eventually.Equal(["/deep/er/new", "/flood-a", "/flood-b", "/kept", "/moved", "/new", "/rewritten"], () => bench.Live);
        await Eventually.Equal(["/deleted"], () => bench.Deleted);
        await Eventually.Is(() => bench["/rewritten"].Facts.Size.Bytes == 18, () => "rewritten");
        Assert.True(kernel.HasOverflowed);
        Assert.Equal(SourceState.Running, bench.Source.View.State);

        bench.Write("deep/er/later");
        await Eventually.Is(() => bench.Live.Contains("/deep/er/later"), () => "notices come again");
    }

    [Fact]
    public async Task At_the_limit_of_watches_the_source_says_what_to_raise_and_scans_find_what_is_new()
    {
        using var kernel = new Kernel { WatchesMax = 2 };
        await using var bench = new DirectoryBench { OpenNotices = kernel.Open };
        bench.Settings.ScanMinutes = 0.005;
        bench.Write("one/a");
        bench.Write("two/a");
        await bench.StartAndScan();
        await Eventually.Is(() => bench.Troubles.Now.Length == 1, () => $"{bench.Source.View}");

        var trouble = bench.Troubles.Now[0];
        Assert.Equal("source inbox", trouble.What);
        Assert.Contains("no more than 2", trouble.Why, StringComparison.Ordinal);
        Assert.Contains("fs.inotify.max_user_watches", trouble.Do, StringComparison.Ordinal);
        Assert.Contains("fs.inotify.max_user_watches", bench.Source.View.Reason, StringComparison.Ordinal);
        Assert.Equal(SourceState.Running, bench.Source.View.State);

        bench.Write("one/b");
        bench.Write("two/b");
        File.Delete(bench.PathOf("one/a"));
        File.Delete(bench.PathOf("two/a"));
        await Eventually.Equal(["/one/b", "/two/b"], () => bench.Live);
        await Eventually.Equal(["/one/a", "/two/a"], () => bench.Deleted);

        kernel.WatchesMax = 100;
        await Eventually.Is(() => bench.Troubles.Now.IsEmpty && bench.Source.View.Reason is null, () => $"{bench.Source.View}");
    }

    [Fact]
    public async Task Without_any_notices_the_source_says_what_to_raise_and_scans_find_what_is_new()
    {
        await using var bench = new DirectoryBench { OpenNotices = () => new NoNotices() };
        bench.Settings.ScanMinutes = 0.005;
        await bench.StartAndScan();

        bench.Write("a");

        await Eventually.Equal(["/a"], () => bench.Live);
        await Eventually.Is(() => bench.Troubles.Now.Length == 1, () => $"{bench.Source.View}");
        Assert.Contains("fs.inotify.max_user_instances", bench.Troubles.Now[0].Do, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_wrong_with_a_source_is_said_where_an_operator_asks_first_and_taken_back()
    {
        await using var bench = new DirectoryBench();
        Directory.Delete(bench.Root);
        bench.Start();
        await Eventually.Is(() => bench.Troubles.Now.Length == 1, () => $"{bench.Source.View}");
        Assert.Contains("create or mount it", bench.Troubles.Now[0].Do, StringComparison.Ordinal);

        Directory.CreateDirectory(bench.Root);

        await Eventually.Is(() => bench.Troubles.Now.IsEmpty, () => $"{bench.Source.View}");
    }

    /// <summary>Two files by turns: of the same notices in a row the kernel keeps one.</summary>
    private static void Flood(DirectoryBench bench, int queued)
    {
        for (var i = 0; i <= queued; i++)
        {
            File.OpenHandle(bench.PathOf(i % 2 == 0 ? "flood-a" : "flood-b"), FileMode.Open, FileAccess.Write).Dispose();
        }
    }
}
