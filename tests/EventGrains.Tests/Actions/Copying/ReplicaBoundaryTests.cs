using System.Diagnostics;
using EventGrains.Silo.Actions.Copying;

namespace EventGrains.Tests.Actions.Copying;

/// <summary>Names, links and a full disk.</summary>
public sealed class ReplicaBoundaryTests : IDisposable
{
    private readonly CopyPlace place = new();

    // Not as a theory: an attribute's text cannot carry a byte that is no UTF-8.
    [Fact]
    public async Task Any_name_that_a_file_can_have_is_copied_under_the_same_bytes()
    {
        foreach (var path in (string[])["/-rf", "/$(x)", "/a\nb", "/broken \uDCFF\uDC80 bytes", "/{path}", "/'\"\\ *?"])
        {
            CopyPlace.Write(place.Inbox, path, "content"u8.ToArray());

            var outcome = await place.Copy(place.Order(path));

            Assert.Null(outcome.Error);
            Assert.Equal("content"u8.ToArray(), CopyPlace.Read(place.Mirror, path));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_link_that_leads_out_of_the_source_is_not_followed(bool isDirectory)
    {
        using var outside = new ScratchDirectory();
        File.WriteAllText(Path.Combine(outside.Path, "secret"), "secret");
        if (isDirectory)
        {
            Directory.CreateSymbolicLink(place.InInbox("/d"), outside.Path);
        }
        else
        {
            Directory.CreateDirectory(place.InInbox("/d"));
            File.CreateSymbolicLink(place.InInbox("/d/secret"), Path.Combine(outside.Path, "secret"));
        }

        var outcome = await place.Copy(place.Order("/d/secret"));

        Assert.True(outcome is { Done: false, Final: true });
        Assert.Contains("symbolic link", outcome.Error);
        Assert.Empty(Directory.EnumerateFileSystemEntries(place.Mirror));
    }

    [Theory]
    [InlineData("/d/a")]
    [InlineData("/a")]
    public async Task Nothing_is_written_through_a_link_in_the_target(string path)
    {
        using var outside = new ScratchDirectory();
        Directory.CreateDirectory(place.InInbox("/d"));
        CopyPlace.Write(place.Inbox, path, "content"u8.ToArray());
        Directory.CreateSymbolicLink(place.InMirror("/d"), outside.Path);
        File.CreateSymbolicLink(place.InMirror("/a"), Path.Combine(outside.Path, "a"));

        var outcome = await place.Copy(place.Order(path));

        Assert.True(outcome is { Done: false, Final: true });
        Assert.Contains("symbolic link", outcome.Error);
        Assert.Empty(Directory.EnumerateFileSystemEntries(outside.Path));
        Assert.Empty(place.Parts);
    }

    [Fact]
    public async Task A_link_in_the_place_of_the_part_is_not_written_through()
    {
        using var outside = new ScratchDirectory();
        CopyPlace.Write(place.Inbox, "/a", "content"u8.ToArray());
        File.CreateSymbolicLink(place.InMirror("/" + place.Order("/a").PartName), Path.Combine(outside.Path, "victim"));

        var outcome = await place.Copy(place.Order("/a"));

        Assert.False(outcome.Done);
        Assert.Empty(Directory.EnumerateFileSystemEntries(outside.Path));
    }

    [Fact]
    public async Task What_is_not_a_regular_file_is_neither_read_nor_waited_for()
    {
        using (var pipe = Process.Start("/usr/bin/mkfifo", [place.InInbox("/pipe")]))
        {
            await pipe.WaitForExitAsync();
        }

        var outcome = await place.Copy(place.Order("/pipe"));

        Assert.True(outcome is { Done: false, Final: true });
        Assert.Contains("not a regular file", outcome.Error);
    }

    [Fact]
    public async Task A_name_too_long_for_the_target_is_final()
    {
        CopyPlace.Write(place.Inbox, "/a", "content"u8.ToArray());

        var outcome = await place.Copy(place.Order("/a", "/" + new string('x', 300)));

        Assert.True(outcome is { Done: false, Final: true });
        Assert.Contains("too long", outcome.Error);
        Assert.Empty(place.Parts);
    }

    [Fact]
    public async Task A_root_that_is_away_fails_and_may_come_back()
    {
        CopyPlace.Write(place.Inbox, "/a", "content"u8.ToArray());
        Directory.Delete(place.Mirror);

        var outcome = await place.Copy(place.Order("/a"));

        Assert.True(outcome is { Done: false, Final: false });
        Assert.Contains("mount", outcome.Error);
    }

    [Fact]
    public async Task A_full_target_fails_clearly_keeps_no_part_and_succeeds_once_there_is_room()
    {
        CopyPlace.Write(place.Inbox, "/a", CopyPlace.Content(3 * ReplicaCopy.ChunkBytes));
        using var small = SmallFileSystem.Mount(place.Mirror, "2m");

        var outcome = await place.Copy(place.Order("/a"));

        Assert.True(outcome is { Done: false, Final: false });
        Assert.StartsWith("mirror is full", outcome.Error);
        Assert.Empty(place.Parts);

        small.Resize("8m");

        Assert.True((await place.Copy(place.Order("/a"))).Done);
    }

    public void Dispose() => place.Dispose();

    private sealed class SmallFileSystem(string path) : IDisposable
    {
        public static SmallFileSystem Mount(string path, string size)
        {
            Assert.SkipUnless(Environment.IsPrivilegedProcess, "mounting a small file system needs root");
            Assert.SkipUnless(Run("/bin/mount", "-t", "tmpfs", "-o", $"size={size}", "tmpfs", path), "this machine lets nobody mount a tmpfs");
            return new SmallFileSystem(path);
        }

        public void Resize(string size) => Assert.True(Run("/bin/mount", "-o", $"remount,size={size}", path));

        public void Dispose() => Run("/bin/umount", path);

        private static bool Run(string program, params string[] arguments)
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0;
        }
    }
}
