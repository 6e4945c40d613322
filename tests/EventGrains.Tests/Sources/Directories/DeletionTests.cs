using EventGrains.Contracts.Sources;
using EventGrains.Silo.Sources.Directories;
using Microsoft.Extensions.Time.Testing;

namespace EventGrains.Tests.Sources.Directories;

/// <summary>A file that has a name is never said to be deleted, and one that has none is, whatever else happens at that time.</summary>
public sealed class DeletionTests
{
    [Fact]
    public async Task A_file_of_three_names_is_known_by_the_last()
    {
        await using var bench = new DirectoryBench();
        await bench.StartAndScan();
        bench.Write("a");
        await Eventually.Equal(["/a"], () => bench.Live);
        PosixFixture.Link(bench.PathOf("a"), bench.PathOf("b"));
        await bench.ConcludesUpTo("marker-1"); // both names were looked at
        PosixFixture.Link(bench.PathOf("a"), bench.PathOf("c"));
        await bench.ConcludesUpTo("marker-2");

        File.Delete(bench.PathOf("c"));
        File.Delete(bench.PathOf("a"));

        await bench.ConcludesUpTo("marker-3");
        Assert.Equal(["/b"], bench.Live);
        Assert.DoesNotContain("deleted /b", bench.Told);
        Assert.DoesNotContain("deleted /a", bench.Told);
    }

    [Fact]
    public async Task A_file_whose_name_became_the_second_of_another_is_deleted()
    {
        await using var bench = new DirectoryBench();
        bench.Write("a", "one");
        bench.Write("b", "another");
        await bench.StartAndScan();
        PosixFixture.Link(bench.PathOf("b"), bench.PathOf("c"));

        File.Move(bench.PathOf("c"), bench.PathOf("a"), overwrite: true);

        await Eventually.Equal(["/a"], () => bench.Deleted);
        await bench.ConcludesUpTo("marker");
        Assert.Equal(["/b"], bench.Live);
    }

    [Fact]
    public async Task A_file_that_leaves_a_name_while_the_end_of_that_names_last_file_is_concluded_is_not_deleted_with_it()
    {
        await using var bench = new DirectoryBench { Time = new FakeTimeProvider(DateTimeOffset.UtcNow) };
        await bench.StartAndScan();
        bench.Write("current", "one");
        bench.Write("next", "second");
        await Eventually.Equal(["/current", "/next"], () => bench.Live.Order());
        PosixFixture.Link(bench.PathOf("current"), bench.PathOf("data-1"));
        await PassesAndConcludes("link"); // the other name was looked at
        bench.Store.BeforeFind = path =>
        {
            if (path == "/current" && bench.Live.Count(p => p == "/current") > 1)
            {
                bench.Store.BeforeFind = _ => { };
                File.Move(bench.PathOf("current"), bench.PathOf("data-2"));
            }
        };

        File.Move(bench.PathOf("next"), bench.PathOf("current"), overwrite: true);

        await bench.Passing(() => bench.Live.SequenceEqual(["/data-1", "/data-2"]));

        await PassesAndConcludes("marker");
        Assert.Equal(["deleted /link", "deleted /marker"], bench.Told.Where(t => t.StartsWith("deleted", StringComparison.Ordinal)));
        Assert.Equal(["/data-1", "/data-2"], bench.Live);

        async Task PassesAndConcludes(string name)
        {
            bench.Write(name);
            await bench.Passing(() => bench.Live.Contains($"/{name}"));
            File.Delete(bench.PathOf(name));
            await bench.Passing(() => bench.Deleted.Contains($"/{name}"));
        }
    }

    [Fact]
    public async Task A_file_that_gets_another_name_just_before_each_look_is_not_deleted()
    {
        const int Last = Conclusions.RoundsMax - 2;
        var kernel = new OneStepBehind(Inotify.Open(), from: "name-1");
        await using var bench = new DirectoryBench { OpenNotices = () => kernel };
        bench.Write("name-0");
        await bench.StartAndScan();
        var name = 0;
        void Rename() => File.Move(bench.PathOf($"name-{name}"), bench.PathOf($"name-{++name}"));
        kernel.WhenMeasured = () =>
        {
            Rename();
            return name < Last;
        };

        Rename();

        await Eventually.Equal([$"/name-{Last}"], () => bench.Live);
        await bench.ConcludesUpTo("marker");
        Assert.Equal(["/marker"], bench.Deleted);
        Assert.Single(bench.Told, t => t.StartsWith("deleted", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_file_of_which_something_is_heard_while_its_end_is_concluded_is_concluded_anew()
    {
        using var kernel = new Kernel();
        await using var bench = new DirectoryBench { OpenNotices = kernel.Open };
        bench.Write("f");
        await bench.StartAndScan();
        var conclusions = 0;
        kernel.WhenMeasured = () =>
        {
            if (++conclusions == 1)
            {
                bench.Hear("/f");
            }
        };

        File.Delete(bench.PathOf("f"));

        await Eventually.Equal(["/f"], () => bench.Deleted);
        Assert.Equal(2, conclusions);
    }

    [Fact]
    public async Task A_failure_in_the_middle_of_a_conclusion_delays_it_to_the_next_scan_and_no_longer()
    {
        using var kernel = new Kernel();
        await using var bench = new DirectoryBench { OpenNotices = kernel.Open };
        bench.Write("f");
        bench.Write("keep");
        await bench.StartAndScan();
        for (var i = 0; i < 20; i++)
        {
            bench.Write($"noticed-{i}");
        }

        await Eventually.Is(() => bench.Live.Count() == 22, () => string.Join(", ", bench.Live));
        kernel.WhenMeasured = () =>
        {
            kernel.WhenMeasured = () => { };
            bench.Write("looked-at-before-it-is-concluded");
            bench.Store.BeforeLoad = () =>
            {
                bench.Store.BeforeLoad = () => { };
                throw new IOException("the store is away");
            };
        };

        File.Delete(bench.PathOf("f"));

        await Eventually.Equal(["/f"], () => bench.Deleted);
        Assert.True(bench.Source.Scans >= 2, "nothing failed");
    }

    [Fact]
    public async Task Where_notices_are_lost_all_the_time_two_scans_tell_what_is_gone()
    {
        using var kernel = new Kernel();
        await using var bench = new DirectoryBench { OpenNotices = kernel.Open };
        bench.Write("f");
        bench.Write("keep");
        await bench.StartAndScan();
        kernel.IsOverflowing = true;

        File.Delete(bench.PathOf("f"));

        await Eventually.Equal(["/f"], () => bench.Deleted);
        Assert.Equal(["/keep"], bench.Live);
    }

    [Fact]
    public async Task Who_says_that_so_many_are_gone_is_not_asked_again_because_it_takes_two_scans()
    {
        using var kernel = new Kernel { Unwatchable = "unwatched" };
        await using var bench = new DirectoryBench { OpenNotices = kernel.Open };
        string[] names = [.. Enumerable.Range(0, DirectoryScan.MissingFilesMax + 10).Select(n => $"unwatched/{n}")];
        Array.ForEach(names, n => bench.Write(n));
        await bench.StartAndScan();
        Array.ForEach(names, n => File.Delete(bench.PathOf(n)));
        await bench.Source.Resume(skipUnreadable: false);
        await Eventually.Is(() => bench.Source.View.State == SourceState.Paused, () => $"{bench.Source.View}");
        Assert.Empty(bench.Deleted);

        await bench.Source.Resume(skipUnreadable: false);
        await bench.Scanned(2);
        await bench.Source.Resume(skipUnreadable: false); // the next scan, which is due a minute later

        await Eventually.Is(() => bench.Deleted.Count() == names.Length, () => $"{bench.Deleted.Count()} {bench.Source.View}");
    }

    [Fact]
    public async Task When_notices_cannot_be_read_any_more_the_source_begins_anew_and_misses_nothing()
    {
        using var kernel = new Kernel();
        await using var bench = new DirectoryBench { OpenNotices = kernel.Open };
        bench.Write("gone");
        await bench.StartAndScan();

        kernel.Failure = new IOException("no such thing any more");
        bench.Write("new");
        File.Delete(bench.PathOf("gone"));

        await bench.Scanned(2);
        await Eventually.Equal(["/new"], () => bench.Live);
        await Eventually.Equal(["/gone"], () => bench.Deleted);
    }

    /// <summary>From a new name on it tells no more than what had happened when that was measured last.</summary>
    private sealed class OneStepBehind(IDirectoryNotices real, string from) : IDirectoryNotices
    {
        private readonly List<Notice> kept = [];
        private bool isBehind;
        private int measured;

        /// <summary>Happens after it is measured; answers whether there is more to come.</summary>
        public Func<bool> WhenMeasured { get; set; } = () => false;

        public int Unread
        {
            get
            {
                real.Read(kept);
                var unread = measured = kept.Count;
                isBehind = isBehind && WhenMeasured();
                return unread;
            }
        }

        public int TryAdd(string path, out int error) => real.TryAdd(path, out error);

        public void Remove(int watch) => real.Remove(watch);

        public void Wait(int timeoutMilliseconds) => real.Wait(isBehind ? 1 : timeoutMilliseconds);

        public int Read(List<Notice> notices)
        {
            real.Read(kept);
            if (!isBehind && kept.FindIndex(n => n.What == Notices.MovedTo && n.Name == from) is var first)
            {
                isBehind = first >= 0;
                measured = isBehind ? first : kept.Count;
            }

            var told = measured;
            notices.AddRange(kept[..told]);
            kept.RemoveRange(0, told);
            measured = 0;
            return told;
        }

        public void Dispose() => real.Dispose();
    }
}
