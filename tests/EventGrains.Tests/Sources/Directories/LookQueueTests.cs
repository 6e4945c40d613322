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
        queue.AddAgain(new Look("/a", Noon.AddSeconds(5), 3, Arrival.Unknown));
        queue.Add("/a", Noon, null);
        queue.AddAgain(new Look("/a", Noon.AddSeconds(7), 4, Arrival.Unknown));
        Assert.Equal(Noon, queue.NextDue);

        var look = Assert.Single(queue.TakeDue(Noon, 10));

        Assert.Equal(("/a", 0), (look.Path, look.Attempt));
        Assert.Null(queue.NextDue);
        Assert.Equal(0, queue.Count);
    }

    [Fact]
    public void What_vanished_waits_for_the_other_side_of_a_rename_and_what_took_its_name_is_looked_at_first()
    {
        var queue = new LookQueue();
        queue.AddVanished("/a", Noon);
        queue.AddVanished("/b", Noon);
        queue.Add("/b", Noon, null);

        Assert.Empty(queue.TakeVanished(Noon, 10));
        Assert.Equal(["/b"], queue.TakeDue(Noon, 10).Select(l => l.Path));
        Assert.Equal(["/a", "/b"], queue.TakeVanished(Noon + LookQueue.VanishedDelay, 10).Select(l => l.Path));
    }

    [Fact]
    public void What_is_due_first_is_looked_at_first_however_much_comes_after_it()
    {
        var queue = new LookQueue();
        queue.Add("/old", Noon, null);
        for (var n = 0; n < 100; n++)
        {
            queue.Add($"/{n}", Noon.AddSeconds(1 + n), null);
        }

        Assert.Equal(["/old", "/0"], queue.TakeDue(Noon.AddHours(1), 2).Select(l => l.Path));
        queue.Add("/new", Noon.AddHours(1), null);
        Assert.Equal(["/1", "/2"], queue.TakeDue(Noon.AddHours(1), 2).Select(l => l.Path));
    }

    [Theory]
    [InlineData(new[] { "Closed", "" }, "Closed")]
    [InlineData(new[] { "Created", "Closed" }, "Closed")]
    [InlineData(new[] { "Closed", "Unknown", "Created" }, "Created")] // another file of that name
    [InlineData(new[] { "Closed", "Unknown", "Moved" }, "Moved")]
    [InlineData(new[] { "" }, "Unknown")]
    public void The_newest_notice_says_how_content_came_and_a_change_of_attributes_says_nothing(string[] noticed, string expected)
    {
        var queue = new LookQueue();
        foreach (var arrival in noticed)
        {
            queue.Add("/a", Noon, arrival.Length == 0 ? null : Enum.Parse<Arrival>(arrival));
        }

        queue.AddAgain(new Look("/a", Noon, 1, Arrival.Closed)); // looked at before those

        Assert.Equal(expected, Assert.Single(queue.TakeDue(Noon, 10)).Arrival.ToString());
    }

    [Fact]
    public void At_its_bound_it_asks_for_a_scan()
    {
        var queue = new LookQueue(pathsMax: 2);
        queue.Add("/a", Noon, null);
        queue.Add("/b", Noon, null);
        queue.Add("/a", Noon, null);
        Assert.False(queue.HasOverflowed);

        queue.Add("/c", Noon, null);

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
