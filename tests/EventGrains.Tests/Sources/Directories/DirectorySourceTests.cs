using System.Text;
using EventGrains.Contracts.Sources;
using EventGrains.Files;
using EventGrains.Rules;
using EventGrains.Silo.Posix;
using EventGrains.Silo.Sources.Directories;

namespace EventGrains.Tests.Sources.Directories;

public sealed class DirectorySourceTests
{
    [Fact]
    public async Task A_file_is_announced_when_its_writer_has_closed_it_and_not_before()
    {
        await using var bench = new DirectoryBench();
        await bench.StartAndScan();

        using (var writer = new FileStream(bench.PathOf("a"), FileMode.Create, FileAccess.Write, FileShare.ReadWrite))
        {
            writer.Write("half"u8);
            writer.Flush();
            bench.Write("other");
            await Eventually.Equal(["/other"], () => bench.Live);
            writer.Write(" and half"u8);
        }

        await Eventually.Equal(["/a", "/other"], () => bench.Live);
        Assert.Equal(13, bench["/a"].Facts.Size.Bytes);
        Assert.Equal(ReplicaState.Present, Assert.Single(bench["/a"].Facts.Replicas).State);
        Assert.Matches("^[0-9a-f]+-[0-9a-f]+-[0-9a-f]+$", bench["/a"].Id.Native);
        Assert.Matches("^[0-9a-f]{16}$", bench["/a"].Facts.Incarnation.Value);
    }

    [Fact]
    public async Task A_file_that_is_still_being_written_when_we_start_waits_for_its_writer()
    {
        await using var bench = new DirectoryBench();
        using (var writer = new FileStream(bench.PathOf("a"), FileMode.Create, FileAccess.Write, FileShare.ReadWrite))
        {
            writer.Write("half"u8);
            writer.Flush();
            bench.Write("other");
            await bench.StartAndScan();
            Assert.Equal(["/other"], bench.Live);
        }

        await Eventually.Equal(["/a", "/other"], () => bench.Live);
    }

    [Fact]
    public async Task Directories_made_while_we_look_are_not_missed()
    {
        await using var bench = new DirectoryBench();
        await bench.StartAndScan();
        var expected = new List<string>();

        for (var i = 0; i < 40; i++)
        {
            bench.Write($"d{i:d2}/e/f/file");
            expected.Add($"/d{i:d2}/e/f/file");
        }

        await Eventually.Equal(expected, () => bench.Live);
    }

    [Fact]
    public async Task A_rename_keeps_the_file_and_a_rename_over_another_deletes_that()
    {
        await using var bench = new DirectoryBench();
        bench.Write("a", "first");
        bench.Write("b", "second");
        await bench.StartAndScan();
        var id = bench["/a"].Id;

        Directory.CreateDirectory(bench.PathOf("sub"));
        File.Move(bench.PathOf("a"), bench.PathOf("sub/c"));
        await Eventually.Equal(["/b", "/sub/c"], () => bench.Live);
        Assert.Equal(id, bench["/sub/c"].Id);

        File.Move(bench.PathOf("sub/c"), bench.PathOf("b"), overwrite: true);
        await Eventually.Equal(["/b"], () => bench.Live);
        Assert.Equal(id, bench["/b"].Id);
        await Eventually.Equal(["/b"], () => bench.Deleted);
    }

    [Fact]
    public async Task A_renamed_directory_takes_its_files_along_and_one_moved_out_takes_them_away()
    {
        await using var bench = new DirectoryBench();
        bench.Write("old/x/1");
        bench.Write("old/2");
        bench.Write("stays");
        await bench.StartAndScan();

        Directory.Move(bench.PathOf("old"), bench.PathOf("new"));
        await Eventually.Equal(["/new/2", "/new/x/1", "/stays"], () => bench.Live);
        bench.Write("new/x/3");
        await Eventually.Equal(["/new/2", "/new/x/1", "/new/x/3", "/stays"], () => bench.Live);
        Assert.Empty(bench.Deleted);

        Directory.Move(bench.PathOf("new"), bench.OutsidePathOf("away"));
        await Eventually.Equal(["/stays"], () => bench.Live);
        Assert.Equal(["/new/2", "/new/x/1", "/new/x/3"], bench.Deleted);
    }

    [Fact]
    public async Task A_file_written_again_is_a_new_incarnation_and_a_chmod_is_none()
    {
        await using var bench = new DirectoryBench();
        bench.Write("a", "first");
        await bench.StartAndScan();
        var first = bench["/a"];

        PosixFixture.Chmod(bench.PathOf("a"), 0b110_100_100);
        bench.Write("b");
        await Eventually.Equal(["/a", "/b"], () => bench.Live);
        Assert.Equal(first.Facts, bench["/a"].Facts);

        bench.Write("a", "second");
        await Eventually.Is(() => bench["/a"].Facts.Size.Bytes == 6, () => "written again");
        Assert.Equal(first.Id, bench["/a"].Id);
        Assert.True(bench["/a"].Facts.Incarnation > first.Facts.Incarnation);
    }

    [Fact]
    public async Task After_a_restart_a_scan_finds_what_was_missed_and_says_nothing_twice()
    {
        await using var bench = new DirectoryBench();
        bench.Write("kept");
        bench.Write("deleted");
        bench.Write("renamed");
        bench.Write("rewritten");
        await bench.StartAndScan();
        await bench.Stop();
        var told = bench.Told.Count();

        File.Delete(bench.PathOf("deleted"));
        File.Move(bench.PathOf("renamed"), bench.PathOf("moved"));
        bench.Write("rewritten", "longer than it was");
        bench.Write("new");
        await bench.StartAndScan();

        await Eventually.Equal(["/kept", "/moved", "/new", "/rewritten"], () => bench.Live);
        await Eventually.Equal(["/deleted"], () => bench.Deleted);
        Assert.Equal(
            ["deleted /deleted", "located /moved", "stored /new", "stored /rewritten"],
            bench.Told.Skip(told).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task What_does_not_become_durable_is_said_again()
    {
        await using var bench = new DirectoryBench();
        await bench.StartAndScan();
        bench.FailNext(3);

        bench.Write("a");

        await Eventually.Equal(["/a"], () => bench.Live);
    }

    [Fact]
    public async Task When_much_is_missing_the_source_asks_and_deletes_only_when_told()
    {
        await using var bench = new DirectoryBench();
        for (var i = 0; i < 30; i++)
        {
            bench.Write($"f{i:d2}");
        }

        await bench.StartAndScan();
        await bench.Stop();
        for (var i = 0; i < 25; i++)
        {
            File.Delete(bench.PathOf($"f{i:d2}"));
        }

        bench.Start();
        await Eventually.Is(() => bench.Source.View.State == SourceState.Paused, () => bench.Source.View.ToString());
        Assert.Contains("25 of 30", bench.Source.View.Reason, StringComparison.Ordinal);
        Assert.Empty(bench.Deleted);

        await bench.Source.Resume(skipUnreadable: false);

        await Eventually.Is(() => bench.Deleted.Count() == 25, () => $"{bench.Deleted.Count()} deleted, {bench.Source.View}");
        Assert.Equal(SourceState.Running, bench.Source.View.State);
    }

    [Fact]
    public async Task An_unmounted_root_stops_the_source_and_deletes_nothing()
    {
        await using var bench = new DirectoryBench();
        bench.Write("a");
        await bench.StartAndScan();

        // As an unmount does: another, empty directory shows under the same name.
        Directory.Move(bench.Root, bench.OutsidePathOf("disk"));
        Directory.CreateDirectory(bench.Root);

        await Eventually.Is(() => bench.Source.View.State == SourceState.Stopped, () => bench.Source.View.ToString());
        Assert.Contains("mounted", bench.Source.View.Reason, StringComparison.Ordinal);
        Assert.Empty(bench.Deleted);

        Directory.Delete(bench.Root);
        Directory.Move(bench.OutsidePathOf("disk"), bench.Root);
        bench.Write("b");
        await Eventually.Equal(["/a", "/b"], () => bench.Live);
        Assert.Equal(SourceState.Running, bench.Source.View.State);
    }

    [Fact]
    public async Task A_root_without_its_marker_is_not_the_one_that_was_watched()
    {
        await using var bench = new DirectoryBench();
        bench.Write("a");
        await bench.StartAndScan();

        File.Delete(bench.PathOf(WatchedRoot.MarkerName));

        await Eventually.Is(() => bench.Source.View.State == SourceState.Stopped, () => bench.Source.View.ToString());
        await bench.Source.Resume(skipUnreadable: false);
        await Eventually.Is(() => bench.Source.View.State == SourceState.Running, () => bench.Source.View.ToString());
        Assert.Equal(["/a"], bench.Live);
    }

    [Fact]
    public async Task A_root_that_does_not_exist_yet_is_watched_once_it_does()
    {
        await using var bench = new DirectoryBench();
        Directory.Delete(bench.Root);
        bench.Start();
        await Eventually.Is(() => bench.Source.View.State == SourceState.Stopped, () => bench.Source.View.ToString());

        Directory.CreateDirectory(bench.Root);
        bench.Write("a");

        await Eventually.Equal(["/a"], () => bench.Live);
    }

    [Fact]
    public async Task Links_and_our_own_files_are_not_announced_and_no_link_is_followed()
    {
        await using var bench = new DirectoryBench();
        Directory.CreateDirectory(bench.OutsidePathOf("secret"));
        File.WriteAllText(bench.OutsidePathOf("secret/key"), "secret");
        Directory.CreateSymbolicLink(bench.PathOf("way-out"), bench.OutsidePathOf("secret"));
        File.CreateSymbolicLink(bench.PathOf("link"), bench.OutsidePathOf("secret/key"));
        bench.Write("x.eventgrains-part");
        bench.Write("a");

        await bench.StartAndScan();
        File.CreateSymbolicLink(bench.PathOf("link2"), bench.OutsidePathOf("secret/key"));
        bench.Write("b");

        await Eventually.Equal(["/a", "/b"], () => bench.Live);
        Assert.True(File.Exists(bench.PathOf(WatchedRoot.MarkerName)));
    }

    [Fact]
    public async Task Names_that_are_no_text_are_seen_and_found_again()
    {
        await using var bench = new DirectoryBench();
        await bench.StartAndScan();
        byte[] name = [.. Encoding.UTF8.GetBytes(bench.Root + "/"), (byte)'x', 0xff, 0xfe, (byte)'\n', 0xc3, 0xa9];
        PosixFixture.WriteFile(name, "content"u8);

        await Eventually.Equal(["/x\udcff\udcfe\n\u00e9"], () => bench.Live);
        PosixFixture.DeleteFile(name);
        await Eventually.Equal(["/x\udcff\udcfe\n\u00e9"], () => bench.Deleted);
    }

    [Fact]
    public async Task Two_names_of_one_file_are_one_file_that_stays_where_it_is()
    {
        await using var bench = new DirectoryBench();
        bench.Write("a");
        await bench.StartAndScan();
        PosixFixture.Link(bench.PathOf("a"), bench.PathOf("b"));
        await bench.Stop();
        var told = bench.Told.Count();

        await bench.StartAndScan();
        await bench.Source.Resume(false);
        await bench.Scanned(2);

        Assert.Equal(["/a"], bench.Live);
        Assert.Equal(told, bench.Told.Count());
    }

    [Fact]
    public async Task A_replica_storage_shows_copies_and_makes_no_files()
    {
        await using var bench = new DirectoryBench(StorageRole.Replica);
        bench.Write("run/a");
        await bench.StartAndScan();
        await Eventually.Equal([("/run/a", true)], () => Seen(bench));

        File.Delete(bench.PathOf("run/a"));

        await Eventually.Equal([("/run/a", true), ("/run/a", false)], () => Seen(bench));
        Assert.Empty(bench.Told);
    }

    private static (string, bool)[] Seen(DirectoryBench bench)
    {
        lock (bench.Copies)
        {
            return [.. bench.Copies.Select(c => (c.Path, c.IsPresent))];
        }
    }
}
