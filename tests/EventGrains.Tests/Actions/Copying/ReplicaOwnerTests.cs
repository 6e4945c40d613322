using EventGrains.Contracts.Actions;
using EventGrains.Files;
using EventGrains.Silo.Actions.Copying;
using EventGrains.Silo.Posix;

namespace EventGrains.Tests.Actions.Copying;

/// <summary>A path in a replica storage is one file's copy; whose, is never left in doubt, wherever an attempt ends.</summary>
public sealed class ReplicaOwnerTests : IDisposable
{
    private static readonly FileId First = new("inbox", "8-1-1");
    private static readonly FileId Second = new("inbox", "8-1-2");
    private static readonly FileId Third = new("inbox", "8-1-3");

    private readonly CopyPlace place = new();

    public ReplicaOwnerTests()
    {
        Directory.CreateDirectory(place.InInbox("/one"));
        Directory.CreateDirectory(place.InInbox("/two"));
        place.Know("8-1-1", "/one/a");
        place.Know("8-1-2", "/two/a");
    }

    [Fact]
    public async Task Two_files_that_a_rule_gives_one_path_collide_for_good_and_the_reason_names_both_and_the_template()
    {
        await CopyFirst(CopyPlace.Content(10, seed: 1));

        var outcome = await CopySecond(CopyPlace.Content(10, seed: 2));

        Assert.True(outcome is { Done: false, Final: true });
        Assert.All((string[])["inbox:8-1-1 (/one/a)", "inbox:8-1-2 (/two/a)", "'/a'"], named => Assert.Contains(named, outcome.Error));
        Assert.Equal(CopyPlace.Content(10, seed: 1), File.ReadAllBytes(place.InMirror("/a")));
        Assert.Equal(First, Assert.Single(place.Aliases).File);
        Assert.Empty(place.SaidRemoved);
        Assert.Empty(place.Parts);
    }

    [Fact]
    public async Task Of_two_files_with_one_content_the_later_has_the_copy_and_the_first_is_told_before()
    {
        var first = await CopyFirst(CopyPlace.Content(10));

        var second = await CopySecond(CopyPlace.Content(10));

        Assert.Null(second.Error);
        Assert.Equal($"{First} has no copy at mirror:/a any more", place.Calls[^2]);
        Assert.Equal(Second, Assert.Single(place.Aliases).File);
        AssertRemoved(first);
    }

    [Fact]
    public async Task A_file_whose_copy_somebody_deleted_is_told_when_another_file_gets_the_path()
    {
        var first = await CopyFirst(CopyPlace.Content(10, seed: 1));
        File.Delete(place.InMirror("/a"));

        var second = await CopySecond(CopyPlace.Content(10, seed: 2));

        Assert.Null(second.Error);
        Assert.Equal(Second, Assert.Single(place.Aliases).File);
        AssertRemoved(first);
    }

    [Fact]
    public async Task A_deleted_files_copy_is_taken_over_and_nothing_that_was_seen_of_it_outlives_that()
    {
        var first = await CopyFirst(CopyPlace.Content(10, seed: 1));
        place.Know("8-1-1", "/one/a", Existence.Deleted);

        var second = await CopySecond(CopyPlace.Content(20, seed: 2));

        Assert.Null(second.Error);
        AssertRemoved(first);

        // Who looked between the rename and the change of hands took the new copy for the first file's.
        var lookedThen = CopyStatement.Present(place.SaidRemoved[0].Alias, CopyPlace.ChangedAt(place.Mirror, "/a"));
        Assert.Equal(ReplicaState.Removed, FileFacts.Join(lookedThen, SaidRemoved()).Replicas[0].State);
    }

    [Fact]
    public async Task A_copy_that_is_just_being_published_is_not_taken_over()
    {
        await CopyFirst(CopyPlace.Content(10));
        using var directory = OpenFile.Open(place.Mirror, OpenMode.Root);
        using (var publishing = directory.OpenAt("a", OpenMode.Read))
        {
            Assert.True(publishing.TryLock());

            var early = await CopySecond(CopyPlace.Content(10));

            Assert.True(early.PutOff);
            Assert.StartsWith("busy", early.Error);
            Assert.Empty(place.SaidRemoved);
        }

        Assert.True((await CopySecond(CopyPlace.Content(10))).Done);
    }

    [Fact]
    public async Task An_attempt_that_lost_its_claim_takes_nobodys_copy()
    {
        await CopyFirst(CopyPlace.Content(10));
        place.IsClaimed = false;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => CopySecond(CopyPlace.Content(10)));

        Assert.Empty(place.SaidRemoved);
        Assert.Equal(First, Assert.Single(place.Aliases).File);
    }

    [Fact]
    public async Task An_attempt_for_an_older_content_that_wakes_up_late_does_not_put_it_over_the_newer_one()
    {
        await CopyFirst(CopyPlace.Content(10, seed: 2), incarnation: "2");

        var late = await CopyFirst(CopyPlace.Content(10, seed: 1), incarnation: "1");

        Assert.False(late.Done);
        Assert.StartsWith("superseded", late.Error);
        Assert.Equal(new Incarnation("2"), Assert.Single(place.Aliases).Incarnation);
        Assert.Equal(CopyPlace.Content(10, seed: 2), File.ReadAllBytes(place.InMirror("/a")));
    }

    // Each call of the ledger in the order in which replacing a copy makes them; at any of them the process may be killed.
    [Theory]
    [InlineData(nameof(ICopyLedger.SaveAlias), 1)]
    [InlineData(nameof(ICopyLedger.IsStillClaimed), 1)]
    [InlineData(nameof(ICopyLedger.SaveAlias), 2)]
    public async Task Wherever_a_replacement_of_an_older_copy_ends_the_next_content_still_replaces_it(string call, int times)
    {
        await CopyFirst(CopyPlace.Content(10, seed: 1), incarnation: "1");
        EndAt(call, times);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => CopyFirst(CopyPlace.Content(20, seed: 2), incarnation: "2"));
        place.OnCall = null;

        var next = await CopyFirst(CopyPlace.Content(30, seed: 3), incarnation: "3");

        Assert.Null(next.Error);
        Assert.Equal(CopyPlace.Content(30, seed: 3), File.ReadAllBytes(place.InMirror("/a")));
        Assert.Equal(new Incarnation("3"), Assert.Single(place.Aliases).Incarnation);
        Assert.Empty(place.Parts);
    }

    [Theory]
    [InlineData(nameof(ICopyLedger.SaveAlias), 1)]
    [InlineData(nameof(ICopyLedger.IsStillClaimed), 1)]
    [InlineData(nameof(ICopyLedger.SayRemoved), 1)]
    [InlineData(nameof(ICopyLedger.SaveAlias), 2)]
    public async Task Wherever_taking_a_deleted_files_copy_over_ends_the_next_attempt_finishes_it(string call, int times)
    {
        var first = await CopyFirst(CopyPlace.Content(10, seed: 1));
        place.Know("8-1-1", "/one/a", Existence.Deleted);
        EndAt(call, times);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => CopySecond(CopyPlace.Content(20, seed: 2)));
        place.OnCall = null;

        var again = await CopySecond(CopyPlace.Content(20, seed: 2));

        Assert.Null(again.Error);
        Assert.Equal(Second, Assert.Single(place.Aliases).File);
        AssertRemoved(first);
        Assert.Empty(place.Parts);
    }

    // The calls of the ledger after its rename, in their order; the Third file is gone, and what it left is replaced.
    [Theory]
    [InlineData(nameof(ICopyLedger.SayRemoved), 1)]
    [InlineData(nameof(ICopyLedger.SaveAlias), 2)]
    public async Task A_copy_that_was_renamed_and_has_no_owner_yet_is_not_taken_by_another_file_of_its_content(string call, int times)
    {
        await CopyWhatADeletedFileLeft();
        place.Know("8-1-1", "/one/a", copying: CopyPlace.Copying(StepState.Running));
        StepOutcome? early = null;
        var removedEarly = 0;
        var called = 0;
        place.OnCall = name =>
        {
            if (name == call && ++called == times)
            {
                place.OnCall = null;
                removedEarly = -place.SaidRemoved.Count;
                early = CopySecond(CopyPlace.Content(20)).GetAwaiter().GetResult();
                removedEarly += place.SaidRemoved.Count;
            }
        };

        var first = await CopyFirst(CopyPlace.Content(20));

        Assert.True(early is { Done: false, Final: false, PutOff: true });
        Assert.StartsWith("busy", early.Error);
        Assert.Contains($"{First}", early.Error);
        Assert.Equal(0, removedEarly);
        Assert.Null(first.Error);
        Assert.Equal(First, Assert.Single(place.Aliases).File);

        // Once the path has its owner it goes as with any two files of one content.
        Assert.Null((await CopySecond(CopyPlace.Content(20))).Error);
        Assert.Equal(Second, Assert.Single(place.Aliases).File);
        AssertRemoved(first);
        Assert.Null((await CopySecond(CopyPlace.Content(20))).Error);
    }

    [Theory]
    [InlineData(false, StepState.Waiting, 1, "mirror", "1")]
    [InlineData(false, StepState.Running, 1, "mirror", "1")]
    [InlineData(true, StepState.Cancelled, 1, "mirror", "1")]
    [InlineData(true, StepState.Failed, 5, "mirror", "1")]
    [InlineData(true, StepState.Waiting, 0, "mirror", "1")] // behind a step of its rule that failed: for ever
    [InlineData(true, StepState.Waiting, 1, "tape", "1")]
    [InlineData(true, StepState.Running, 1, "mirror", "2")]
    public async Task A_copy_without_an_owner_is_waited_for_only_while_the_step_that_made_it_may_go_on(
        bool isTaken, StepState state, int attempts, string to, string incarnation)
    {
        await CopyWhatADeletedFileLeft();
        EndAt(nameof(ICopyLedger.SaveAlias), 2);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => CopyFirst(CopyPlace.Content(20)));
        place.OnCall = null;
        place.Know("8-1-1", "/one/a", copying: CopyPlace.Copying(state, attempts, to, incarnation));

        var second = await CopySecond(CopyPlace.Content(20));

        Assert.Equal((isTaken, !isTaken), (second.Done, second.PutOff));
        Assert.Equal(isTaken ? Second : Third, Assert.Single(place.Aliases).File);
    }

    [Theory]
    [InlineData(nameof(ICopyLedger.FindAlias))]
    [InlineData(nameof(ICopyLedger.SaveAlias))]
    [InlineData(nameof(ICopyLedger.IsStillClaimed))]
    public async Task An_attempt_that_the_ledger_fails_leaves_no_part(string call)
    {
        place.OnCall = called => _ = called == call ? throw new TimeoutException("no answer") : 0;

        await Assert.ThrowsAsync<TimeoutException>(() => CopyFirst(CopyPlace.Content(10)));

        Assert.Empty(Directory.EnumerateFileSystemEntries(place.Mirror));
    }

    [Fact]
    public async Task An_attempt_that_the_ledger_fails_after_its_copy_is_published_leaves_the_next_ones_part_alone()
    {
        await CopyFirst(CopyPlace.Content(10, seed: 1), incarnation: "1");
        var part = place.InMirror("/" + place.Order("/one/a", "/a").PartName);
        var saves = 0;
        place.OnCall = called =>
        {
            if (called == nameof(ICopyLedger.SaveAlias) && ++saves == 2)
            {
                File.WriteAllText(part, "the next attempt's");
                throw new TimeoutException("no answer");
            }
        };

        await Assert.ThrowsAsync<TimeoutException>(() => CopyFirst(CopyPlace.Content(20, seed: 2), incarnation: "2"));

        Assert.Equal("the next attempt's", File.ReadAllText(part));
    }

    public void Dispose() => place.Dispose();

    private Task<StepOutcome> CopyFirst(byte[] content, string incarnation = "1") => Copy("/one/a", content, "8-1-1", incarnation);

    private async Task CopyWhatADeletedFileLeft()
    {
        Directory.CreateDirectory(place.InInbox("/three"));
        await Copy("/three/a", CopyPlace.Content(10, seed: 3), "8-1-3", "1");
        place.Know("8-1-3", "/three/a", Existence.Deleted);
    }

    private Task<StepOutcome> CopySecond(byte[] content) => Copy("/two/a", content, "8-1-2", "1");

    private Task<StepOutcome> Copy(string path, byte[] content, string file, string incarnation)
    {
        CopyPlace.Write(place.Inbox, path, content);
        return place.Copy(place.Order(path, "/a", incarnation, native: file));
    }

    // As kill -9 does: nothing of the attempt runs on from there.
    private void EndAt(string call, int times)
    {
        var called = 0;
        place.OnCall = name => _ = name == call && ++called == times ? throw new OperationCanceledException("killed") : 0;
    }

    private FileFacts SaidRemoved()
    {
        var (alias, at) = place.SaidRemoved[^1];
        Assert.Equal(First, alias.File);
        return CopyStatement.Removed(alias, at);
    }

    private void AssertRemoved(StepOutcome first) => Assert.Equal(ReplicaState.Removed, FileFacts.Join(first.Says!, SaidRemoved()).Replicas[0].State);
}
