using EventGrains.Silo.Sources.Directories;

namespace EventGrains.Tests.Sources.Directories;

/// <summary>A rename of which only the old name is told: the scan that finds the new one comes before any delete.</summary>
public sealed class UnseenRenameTests
{
    [Fact]
    public async Task A_file_moved_into_a_directory_that_cannot_be_watched_is_not_deleted_and_the_scan_finds_it()
    {
        var time = new ShiftedTime();
        await using var bench = new DirectoryBench { Time = time, OpenNotices = () => new HalfDeaf(Inotify.Open()) };
        bench.Write("a/f");
        bench.Write("unwatched/g");
        await bench.StartAndScan();

        File.Move(bench.PathOf("a/f"), bench.PathOf("unwatched/f"));
        await LetTimePass(bench, time);

        Assert.Empty(bench.Deleted);
        await bench.Source.Resume(skipUnreadable: false);
        await Eventually.Is(() => bench.Live.Contains("/unwatched/f"), () => string.Join(", ", bench.Told));
    }

    [Fact]
    public async Task While_a_directory_cannot_be_watched_only_what_two_scans_missed_is_deleted()
    {
        var time = new ShiftedTime();
        await using var bench = new DirectoryBench { Time = time, OpenNotices = () => new HalfDeaf(Inotify.Open()) };
        bench.Write("a/moved");
        bench.Write("unwatched/deleted");
        await bench.StartAndScan();
        bench.Store.BeforeList = () =>
        {
            // The second scan has walked everywhere, and looks now at what is known.
            bench.Store.BeforeList = () => Task.CompletedTask;
            File.Move(bench.PathOf("a/moved"), bench.PathOf("unwatched/moved"));
            File.Delete(bench.PathOf("unwatched/deleted"));
            return Task.CompletedTask;
        };

        await bench.Source.Resume(skipUnreadable: false);
        await bench.Scanned(2);
        await LetTimePass(bench, time);
        Assert.Empty(bench.Deleted);
        await bench.Source.Resume(skipUnreadable: false);

        await Eventually.Equal(["/unwatched/deleted"], () => bench.Deleted);
        Assert.Contains("/unwatched/moved", bench.Live);
    }

    [Fact]
    public async Task A_file_whose_new_name_the_kernel_did_not_tell_is_not_deleted_before_the_next_scan()
    {
        var time = new ShiftedTime();
        await using var bench = new DirectoryBench { Time = time, OpenNotices = () => new HalfDeaf(Inotify.Open()) { Overflows = true } };
        bench.Write("a/f");
        bench.Write("b/g");
        var isListing = new TaskCompletionSource();
        var mayList = new TaskCompletionSource();
        bench.Store.BeforeList = () =>
        {
            isListing.TrySetResult();
            return mayList.Task;
        };
        bench.Start();
        await isListing.Task;

        File.Move(bench.PathOf("a/f"), bench.PathOf("b/f"));
        try
        {
            await LetTimePass(bench, time);
            Assert.Empty(bench.Deleted);
        }
        finally
        {
            mayList.SetResult();
        }

        await Eventually.Is(() => bench.Live.Contains("/b/f"), () => string.Join(", ", bench.Told));
        File.Delete(bench.PathOf("b/g"));
        await Eventually.Equal(["/b/g"], () => bench.Deleted);
    }

    /// <summary>Each file is seen after the one before it, so the source has been all around before the time and after it.</summary>
    private static async Task LetTimePass(DirectoryBench bench, ShiftedTime time)
    {
        for (var i = 0; i < 6; i++)
        {
            bench.Write($"a/marker-{i}");
            await Eventually.Is(() => bench.Live.Contains($"/a/marker-{i}"), () => string.Join(", ", bench.Told));
            time.Shift = i == 1 ? TimeSpan.FromMinutes(1) : time.Shift;
        }
    }

    private sealed class ShiftedTime : TimeProvider
    {
        public TimeSpan Shift { get; set; }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Shift;
    }

    /// <summary>Does not watch what is named so, and may lose the new names of files and say only that it did.</summary>
    private sealed class HalfDeaf(IDirectoryNotices real) : IDirectoryNotices
    {
        private const int NoSpace = 28;

        public bool Overflows { get; init; }

        public int TryAdd(string path, out int error)
        {
            error = NoSpace;
            return path.EndsWith("/unwatched", StringComparison.Ordinal) ? -1 : real.TryAdd(path, out error);
        }

        public void Remove(int watch) => real.Remove(watch);

        public void Wait(int timeoutMilliseconds) => real.Wait(timeoutMilliseconds);

        public int Unread => real.Unread;

        public int Read(List<Notice> notices)
        {
            var amount = real.Read(notices);
            if (Overflows && notices.RemoveAll(n => (n.What & Notices.MovedTo) != 0) > 0)
            {
                notices.Add(new Notice(-1, Notices.Overflow, 0, ""));
            }

            return amount;
        }

        public void Dispose() => real.Dispose();
    }
}
