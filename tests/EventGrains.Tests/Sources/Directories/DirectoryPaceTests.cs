using EventGrains.Silo.Posix;
using EventGrains.Silo.Sources.Directories;
using Microsoft.Extensions.Time.Testing;

namespace EventGrains.Tests.Sources.Directories;

/// <summary>When something is said of a file, and when not yet.</summary>
public sealed class DirectoryPaceTests
{
    private readonly FakeTimeProvider time = new(DateTimeOffset.UtcNow);

    [Fact]
    public async Task Where_nobody_can_tell_whether_a_file_is_being_written_only_a_close_or_time_makes_it_whole()
    {
        await using var bench = new DirectoryBench { Time = time, WritersOf = _ => Writers.CannotTell };
        await bench.StartAndScan();
        using var growing = File.Create(bench.PathOf("growing"));
        growing.Write("some"u8);
        growing.Flush();
        bench.Write("closed-1");
        await IsLive(bench, "/closed-1");
        PosixFixture.Chmod(bench.PathOf("growing"), 0x1a4);
        bench.Write("closed-2");
        await IsLive(bench, "/closed-2");
        await bench.Source.Resume(false);
        await bench.Passing(() => bench.Source.Scans >= 2);
        bench.Write("closed-3");
        await IsLive(bench, "/closed-3");
        Assert.DoesNotContain("/growing", bench.Live);

        time.Advance(TimeSpan.FromSeconds(bench.Settings.SettleSeconds));

        await IsLive(bench, "/growing");
    }

    [Fact]
    public async Task Where_nobody_can_tell_a_file_whose_date_was_set_ahead_settles_like_any_other()
    {
        await using var bench = new DirectoryBench { Time = time, WritersOf = _ => Writers.CannotTell };
        bench.Write("ahead");
        File.SetLastWriteTimeUtc(bench.PathOf("ahead"), time.GetUtcNow().UtcDateTime.AddDays(300));
        bench.Start();
        await bench.Passing(() => bench.Source.Scans >= 1);
        Assert.Empty(bench.Live);

        time.Advance(TimeSpan.FromSeconds(bench.Settings.SettleSeconds));

        await IsLive(bench, "/ahead");
    }

    [Fact]
    public async Task A_file_is_deleted_in_a_directory_where_something_always_happens()
    {
        using var kernel = new Kernel();
        await using var bench = new DirectoryBench { OpenNotices = kernel.Open };
        bench.Write("busy");
        bench.Write("file");
        await bench.StartAndScan();
        kernel.Busy = "busy";

        File.Delete(bench.PathOf("file"));

        await Eventually.Equal(["/file"], () => bench.Deleted);
    }

    [Fact]
    public async Task A_file_that_is_linked_into_place_is_announced_and_the_end_of_its_first_name_is_not_its_own()
    {
        await using var bench = new DirectoryBench();
        await bench.StartAndScan();
        bench.Write(".part");
        await Eventually.Equal(["/.part"], () => bench.Live);

        PosixFixture.Link(bench.PathOf(".part"), bench.PathOf("whole"));
        await bench.ConcludesUpTo("marker-1"); // both names were looked at
        File.Delete(bench.PathOf(".part"));

        await Eventually.Equal(["/whole"], () => bench.Live);
        await bench.ConcludesUpTo("marker-2");
        Assert.Equal(["/marker-1", "/marker-2"], bench.Deleted);
    }

    private static Task IsLive(DirectoryBench bench, string path) => bench.Passing(() => bench.Live.Contains(path));
}
