using System.Text;
using EventGrains.Silo.Sources.Directories;

namespace EventGrains.Tests.Sources.Directories;

public sealed class LookQueueTests
{
    private static readonly DateTime Noon = new(2026, 1, 1, 12, 0, 0, DateTimeKind.Utc);

    [Fact]
    public void Many_notices_of_a_path_are_one_look_and_the_earliest_time_counts()
    {
        var queue = new LookQueue();
        queue.Add("/a", Noon.AddSeconds(5), attempt: 3);
        queue.Add("/a", Noon);

        var look = Assert.Single(queue.TakeDue(Noon, 10, vanished: false));

        Assert.Equal(("/a", 0), (look.Path, look.Attempt));
        Assert.Equal(0, queue.Count);
    }

    [Fact]
    public void What_vanished_waits_for_the_other_side_of_a_rename_and_what_took_its_name_is_looked_at_first()
    {
        var queue = new LookQueue();
        queue.AddVanished("/a", Noon);
        queue.AddVanished("/b", Noon);
        queue.Add("/b", Noon);

        Assert.Empty(queue.TakeDue(Noon, 10, vanished: true));
        Assert.Equal(["/b"], queue.TakeDue(Noon, 10, vanished: false).Select(l => l.Path));
        Assert.Equal(["/a", "/b"], queue.TakeDue(Noon + LookQueue.VanishedDelay, 10, vanished: true).Select(l => l.Path));
    }

    [Theory]
    [InlineData(false, 2, 1)]
    [InlineData(true, 2, 0)]
    [InlineData(false, 1, 0)]
    public void What_vanished_is_left_to_a_scan_that_is_due(bool isScanDue, int paths, int left)
    {
        var queue = new LookQueue(pathsMax: paths);
        queue.AddVanished("/a", Noon);
        queue.Add("/b", Noon);

        queue.LeaveVanishedToScan(isScanDue);

        Assert.Equal(left, queue.TakeDue(Noon + LookQueue.VanishedDelay, 10, vanished: true).Count);
        Assert.Equal(paths - 1, queue.Count);
    }

    [Fact]
    public void At_its_bound_it_asks_for_a_scan()
    {
        var queue = new LookQueue(pathsMax: 2);
        queue.Add("/a", Noon);
        queue.Add("/b", Noon);
        queue.Add("/a", Noon);
        Assert.False(queue.HasOverflowed);

        queue.Add("/c", Noon);

        Assert.True(queue.HasOverflowed);
        Assert.Equal(2, queue.Count);
    }

    [Fact]
    public void A_watch_stays_with_its_directory_and_a_moved_tree_leaves_as_a_whole()
    {
        var tree = new WatchTree();
        tree.Set(1, "/a");
        tree.Set(2, "/a/b");
        tree.Set(3, "/ab");
        tree.Set(1, "/c");
        Assert.Equal("/c", tree.PathOf(1));

        Assert.Equal([2], tree.Take("/a"));
        Assert.Null(tree.PathOf(2));
        Assert.Equal(2, tree.Count);
    }

    [Fact]
    public void Notices_are_read_as_the_kernel_writes_them()
    {
        byte[] name = [.. Encoding.ASCII.GetBytes("file"), 0xff, 0, 0, 0];
        byte[] bytes =
        [
            7, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, (byte)name.Length, 0, 0, 0, .. name,
            255, 255, 255, 255, 0, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        ];
        var notices = new List<Notice>();

        Inotify.Parse(bytes, notices);

        Assert.Equal([new Notice(7, Notices.WriterClosed, 0, "file\udcff"), new Notice(-1, Notices.Overflow, 0, "")], notices);
    }
}
