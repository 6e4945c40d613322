using EventGrains.Files;
using EventGrains.Silo.Actions;
using EventGrains.Silo.Actions.Copying;

namespace EventGrains.Tests.Actions.Copying;

public sealed class ReplicaCopyTests : IDisposable
{
    private const int SeveralChunks = (5 * ReplicaCopy.ChunkBytes) + 17;

    private readonly CopyPlace place = new();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(ReplicaCopy.ChunkBytes)]
    [InlineData(SeveralChunks)]
    public async Task A_copy_is_whole_and_says_which_replica_it_made(int length)
    {
        var content = CopyPlace.Content(length);
        CopyPlace.Write(place.Inbox, "/a.h5", content);

        var outcome = await place.Copy(place.Order("/a.h5", "/raw/2026{path}"));

        Assert.Null(outcome.Error);
        Assert.Equal(content, File.ReadAllBytes(place.InMirror("/raw/2026/a.h5")));
        var sum = new Adler32();
        sum.Append(content);
        var replica = Assert.Single(outcome.Says!.Replicas);
        Assert.Equal(new Replica("mirror", null, "/raw/2026/a.h5", CopyPlace.ChangedAt(place.Mirror, "/raw/2026/a.h5"), ReplicaState.Present, sum.Checksum), replica);
        Assert.Equal([sum.Checksum], outcome.Says.Checksums);
        Assert.Equal(new Incarnation("1"), outcome.Says.Incarnation);
        Assert.Empty(place.Parts);
    }

    [Fact]
    public async Task Whose_copy_it_is_is_kept_before_anybody_can_see_it()
    {
        CopyPlace.Write(place.Inbox, "/a", CopyPlace.Content(10));

        await place.Copy(place.Order("/a"));

        Assert.Equal(["alias before the target was there"], place.Calls);
        var alias = Assert.Single(place.Aliases);
        Assert.Equal(("mirror", "/a", new FileId("inbox", "8-1-1")), (alias.Storage, alias.Path, alias.File));
    }

    [Fact]
    public async Task The_modification_time_and_permissions_are_kept()
    {
        CopyPlace.Write(place.Inbox, "/a", CopyPlace.Content(10));
        var written = new DateTime(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc).AddTicks(1_234_567);
        File.SetLastWriteTimeUtc(place.InInbox("/a"), written);
        CopyPlace.SetPermissions(place.Inbox, "/a", 0x1A0);

        await place.Copy(place.Order("/a"));

        Assert.Equal(written, File.GetLastWriteTimeUtc(place.InMirror("/a")));
        Assert.Equal(0x1A0u, CopyPlace.PermissionsOf(place.Mirror, "/a"));
    }

    [Fact]
    public async Task A_step_run_again_after_its_copy_was_published_succeeds_and_writes_nothing()
    {
        CopyPlace.Write(place.Inbox, "/a", CopyPlace.Content(SeveralChunks));
        var first = await place.Copy(place.Order("/a"));
        long written = 0;

        var again = await place.Copy(place.Order("/a"), onWritten: bytes => written = bytes);

        Assert.True(again.Done);
        Assert.Equal(first.Says, again.Says);
        Assert.Equal(0, written);
        Assert.Empty(place.Parts);
    }

    [Fact]
    public async Task A_target_with_other_content_is_left_alone_and_both_checksums_are_named()
    {
        CopyPlace.Write(place.Inbox, "/a", "mine"u8.ToArray());
        CopyPlace.Write(place.Mirror, "/a", "other"u8.ToArray());

        var outcome = await place.Copy(place.Order("/a"));

        Assert.True(outcome is { Done: false, Final: true });
        Assert.Contains("adler32:043401aa", outcome.Error);
        Assert.Contains("adler32:06740223", outcome.Error);
        Assert.Equal("other"u8.ToArray(), File.ReadAllBytes(place.InMirror("/a")));
        Assert.Empty(place.Parts);
    }

    [Fact]
    public async Task An_older_copy_of_the_same_file_is_replaced()
    {
        CopyPlace.Write(place.Inbox, "/a", CopyPlace.Content(100, seed: 1));
        await place.Copy(place.Order("/a", incarnation: "1"));
        CopyPlace.Write(place.Inbox, "/a", CopyPlace.Content(200, seed: 2));

        var outcome = await place.Copy(place.Order("/a", incarnation: "2"));

        Assert.Null(outcome.Error);
        Assert.Equal(CopyPlace.Content(200, seed: 2), File.ReadAllBytes(place.InMirror("/a")));
        Assert.Equal(new Incarnation("2"), Assert.Single(place.Aliases).Incarnation);
        Assert.Empty(place.Parts);
    }

    [Fact]
    public async Task An_older_copy_that_somebody_wrote_into_is_not_replaced()
    {
        CopyPlace.Write(place.Inbox, "/a", CopyPlace.Content(100, seed: 1));
        await place.Copy(place.Order("/a", incarnation: "1"));
        CopyPlace.Write(place.Inbox, "/a", CopyPlace.Content(200, seed: 2));
        CopyPlace.Write(place.Mirror, "/a", "precious"u8.ToArray());

        var outcome = await place.Copy(place.Order("/a", incarnation: "2"));

        Assert.True(outcome is { Done: false, Final: true });
        Assert.Equal("precious"u8.ToArray(), File.ReadAllBytes(place.InMirror("/a")));
    }

    [Fact]
    public async Task A_file_saved_by_renaming_a_new_one_over_it_takes_the_copy_over_once_the_old_one_is_deleted()
    {
        CopyPlace.Write(place.Inbox, "/a", CopyPlace.Content(100, seed: 1));
        var old = place.Order("/a", incarnation: "1");
        await place.Copy(old);
        place.Know("8-1-1", "/a");
        CopyPlace.Write(place.Inbox, "/a", CopyPlace.Content(200, seed: 2));
        var successor = place.Order("/a", incarnation: "2") with { File = new FileId("inbox", "the-new-inode") };

        var early = await place.Copy(successor);
        place.Know("8-1-1", "/a", Existence.Deleted);
        var late = await place.Copy(successor);

        Assert.True(early is { Done: false, Final: false });
        Assert.Null(late.Error);
        Assert.Equal(CopyPlace.Content(200, seed: 2), File.ReadAllBytes(place.InMirror("/a")));
        Assert.Equal(successor.File, Assert.Single(place.Aliases).File);
        Assert.Contains($"{old.File} has no copy at mirror:/a any more", place.Calls);
    }

    [Fact]
    public async Task A_source_that_changes_while_it_is_copied_fails_and_leaves_nothing()
    {
        CopyPlace.Write(place.Inbox, "/a", CopyPlace.Content(SeveralChunks));

        var outcome = await place.Copy(place.Order("/a"), onWritten: written =>
        {
            if (written == ReplicaCopy.ChunkBytes)
            {
                File.AppendAllText(place.InInbox("/a"), "more");
            }
        });

        Assert.True(outcome is { Done: false, Final: false });
        Assert.StartsWith("source changed", outcome.Error);
        Assert.Empty(Directory.EnumerateFileSystemEntries(place.Mirror));
        Assert.Empty(place.Calls);
    }

    [Fact]
    public async Task A_source_that_is_not_what_events_told_is_not_spread()
    {
        CopyPlace.Write(place.Inbox, "/a", "rotten"u8.ToArray());
        var told = new FileFacts { Incarnation = new Incarnation("1"), Checksums = [new Checksum("adler32", "0a1b2c3d")] };

        var outcome = await place.Copy(place.Order("/a", known: told));

        Assert.False(outcome.Done);
        Assert.Contains("0a1b2c3d", outcome.Error);
        Assert.Empty(Directory.EnumerateFileSystemEntries(place.Mirror));
    }

    [Fact]
    public async Task A_missing_source_is_told_and_what_a_crash_left_is_removed()
    {
        File.WriteAllText(place.InMirror("/" + place.Order("/a").PartName), "left");

        var outcome = await place.Copy(place.Order("/a"));

        Assert.True(outcome is { Done: false, Final: false });
        Assert.Contains("not there", outcome.Error);
        Assert.Empty(place.Parts);
    }

    [Theory]
    [InlineData("tape", "{path}", "no root")]
    [InlineData("nowhere", "{path}", "no storage")]
    [InlineData("inbox", "{path}", "origin")]
    [InlineData("mirror", "/../{path}", "..")]
    [InlineData("mirror", "/a/../../b", "..")]
    [InlineData("mirror", "b", "begin with '/'")]
    [InlineData("mirror", "/a//b", "empty")]
    [InlineData("mirror", "/a.eventgrains-part", "kept for unfinished copies")]
    [InlineData("mirror", "/{colour}", "{colour}")]
    public void What_trying_again_cannot_mend_is_final(string to, string template, string named)
    {
        var refused = Assert.Throws<StepFailedException>(() => place.Order("/a", template, to: to));

        Assert.True(refused.Final);
        Assert.Contains(named, refused.Message);
    }

    public void Dispose() => place.Dispose();
}
