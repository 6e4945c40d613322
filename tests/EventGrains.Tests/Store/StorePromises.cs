using EventGrains.Contracts.Shards;
using EventGrains.Files;
using EventGrains.Silo.Store;

namespace EventGrains.Tests.Store;

/// <summary>What every store promises to shards and their owners. One subclass per implementation; see also <see cref="StoreSequencePromises"/> and <see cref="StoreReadPromises"/>.</summary>
public abstract class StorePromises : IAsyncLifetime
{
    private protected IStore Store { get; private set; } = null!;

    private protected abstract Task<IStore> Open();

    public virtual async ValueTask InitializeAsync() => Store = await Open();

    public virtual async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task What_was_committed_is_loaded_and_found()
    {
        var owner = await Store.TakeOver(1);
        var file = Sample.New(Sample.IdIn(1), owner.NextFileNumber, "/a/b", 7, "run-1");

        var outcome = await Store.Commit([Sample.Of(owner).With(file)]);

        Assert.Equal([true], outcome.Committed);
        var loaded = await Store.Load(1, [Sample.IdIn(1, 9), file.Id]);
        Assert.Null(loaded[0]);
        Same(file, loaded[1]);
        Same(file, await Store.Find(file.Id));
        Same(file, Assert.Single(await Store.FindByPath("dcache", "/a/b", 10)));
    }

    [Fact]
    public async Task A_stale_owners_change_set_is_refused_alone()
    {
        var stale = await Store.TakeOver(0);
        var owners = new List<ShardOwnership> { await Store.TakeOver(0), await Store.TakeOver(1), await Store.TakeOver(2) };
        var files = owners.ConvertAll(o => Sample.New(Sample.IdIn(o.Shard), o.NextFileNumber));
        var refused = Sample.New(Sample.IdIn(0, 1), stale.NextFileNumber + 1, "/refused", 1, "run-1");

        var outcome = await Store.Commit(
            [Sample.Of(owners[1]).With(files[1]), Sample.Of(stale).With(refused), Sample.Of(owners[0]).With(files[0]), Sample.Of(owners[2]).With(files[2])]);

        Assert.Equal([true, false, true, true], outcome.Committed);
        Assert.Null(await Store.Find(refused.Id));
        Assert.Empty(await Store.FindByPath("dcache", "/refused", 10));
        Assert.Empty(await Store.ReadDatasets(null, 10));
        await Assert.AllAsync(files, async f => Same(f, await Store.Find(f.Id)));
        Assert.Equal(3, (await Store.ReadLog(new(Store.History, 0, -1), 10)).Items.Count);
    }

    [Fact]
    public async Task A_sum_of_sizes_that_no_number_holds_stops_no_commit()
    {
        var owner = await Store.TakeOver(1);
        for (var i = 0; i < 3; i++)
        {
            await Store.Commit([Sample.Of(owner).With(Sample.New(Sample.IdIn(1, i), owner.NextFileNumber + i, $"/a/{i}", long.MaxValue - 1, "run-1"))]);
        }

        var kept = Assert.Single(await Store.ReadDatasets(null, 10));

        Assert.Equal((3, long.MaxValue), (kept.Files, kept.Bytes));
    }

    [Theory]
    [InlineData("state", true)]
    [InlineData("index of an older state", true)]
    [InlineData("intent", true)]
    [InlineData("counts", false)]
    [InlineData("position", false)]
    [InlineData("dead letter", false)]
    [InlineData("alias", false)]
    public async Task A_row_that_cannot_be_written_is_named_and_without_it_the_same_commit_is_taken(string row, bool isOfAFile)
    {
        var (first, second) = (await Store.TakeOver(0), await Store.TakeOver(1));
        var good = Sample.New(Sample.IdIn(0), first.NextFileNumber, "/a/b", 7, "run-1");
        var other = Sample.New(Sample.IdIn(1), second.NextFileNumber, "/a/b", 7, "run-1");
        var bad = Sample.Of(second).With(other);
        MakeUnwritable(bad, row);

        var refused = await Assert.ThrowsAsync<RowRefusedException>(() => Store.Commit([Sample.Of(first).With(good), bad]));
        Assert.Equal(1, refused.Shard);
        Assert.Equal(isOfAFile ? other.Id : null, refused.File);
        Assert.Null(await Store.Find(good.Id));
        Assert.Empty(await Store.ReadDatasets(null, 10));

        Assert.Equal([true, true], (await Store.Commit([Sample.Of(first).With(good), Sample.Of(second).With(other)])).Committed);
        Same(good, await Store.Find(good.Id));
        Same(other, await Store.Find(other.Id));
        Assert.Equal(2, (await Store.FindByPath("dcache", "/a/b", 10)).Count);
        Assert.Equal(2, Assert.Single(await Store.ReadDatasets(null, 10)).Files);
        Assert.Equal(2, (await Store.ReadLog(new(Store.History, 0, -1), 10)).Items.Count);
    }

    [Fact]
    public async Task A_shard_that_nobody_owns_takes_nothing() =>
        Assert.Equal([false], (await Store.Commit([new ChangeSet(3, 0).With(Sample.New(Sample.IdIn(3), 3L << 48))])).Committed);

    [Fact]
    public async Task A_takeover_gives_a_higher_epoch_the_positions_and_the_next_number()
    {
        var first = await Store.TakeOver(2);
        Assert.Equal(2L << 48, first.NextFileNumber);
        var set = Sample.Of(first)
            .With(Sample.New(Sample.IdIn(2, 0), first.NextFileNumber))
            .With(Sample.New(Sample.IdIn(2, 1), first.NextFileNumber + 1));
        set.Positions.Add(new PositionRow(2, "doors", "p", 3, 1, 4711, "check"));
        await Store.Commit([set]);

        var second = await Store.TakeOver(2);

        Assert.True(second.Epoch > first.Epoch);
        Assert.Equal(first.NextFileNumber + 2, second.NextFileNumber);
        Assert.Equal([new PositionRow(2, "doors", "p", 3, 1, 4711, "check")], second.Positions);
        Assert.Empty((await Store.TakeOver(1)).Positions);
    }

    [Fact]
    public async Task Of_several_rows_of_one_file_in_a_commit_the_last_holds_and_the_index_follows_each()
    {
        var owner = await Store.TakeOver(1);
        var one = Sample.New(Sample.IdIn(1), owner.NextFileNumber, "/a/one");
        var two = one.At("/a/two");
        var three = two.At("/b/three");

        await Store.Commit([Sample.Of(owner).With(one), Sample.Of(owner).With(two, one), Sample.Of(owner).With(three, two)]);

        Same(three, await Store.Find(one.Id));
        Assert.Empty(await Store.FindByPath("dcache", "/a/one", 10));
        Assert.Empty(await Store.FindByPath("dcache", "/a/two", 10));
        Assert.Single(await Store.FindByPath("dcache", "/b/three", 10));
        Assert.Equal([1, 2, 3], (await Store.ReadHistory(one.Id, 0, 10)).Select(t => t.Transition.Version));
        Assert.Equal(1, (await Store.ReadFigures()).Files);
    }

    [Fact]
    public async Task The_late_delete_of_an_old_file_leaves_the_new_one_under_its_path()
    {
        var owner = await Store.TakeOver(1);
        var old = Sample.New(Sample.IdIn(1, 0), owner.NextFileNumber, "/a/name");
        var young = Sample.New(Sample.IdIn(1, 1), owner.NextFileNumber + 1, "/a/name") with { UpdatedAt = Sample.Noon.AddMinutes(-1) };
        await Store.Commit([Sample.Of(owner).With(old), Sample.Of(owner).With(young)]);

        await Store.Commit([Sample.Of(owner).With(old.Deleted(), old)]);

        Assert.Equal([young.Id, old.Id], (await Store.FindByPath("dcache", "/a/name", 10)).Select(f => f.Id));
        Assert.Equal([young.Id], (await Store.FindByPath("dcache", "/a/name", 1)).Select(f => f.Id));
    }

    [Fact]
    public async Task A_path_is_looked_for_in_every_shard_and_in_its_storage_alone()
    {
        var owners = new List<ShardOwnership> { await Store.TakeOver(0), await Store.TakeOver(3) };
        await Store.Commit(owners.ConvertAll(o => Sample.Of(o).With(Sample.New(Sample.IdIn(o.Shard), o.NextFileNumber, "/same"))));

        Assert.Equal(2, (await Store.FindByPath("dcache", "/same", 10)).Count);
        Assert.Empty(await Store.FindByPath("dcach", "/same", 10));
        Assert.Empty(await Store.FindByPath("dcache", "/sam", 10));
        Assert.Empty(await Store.FindByPath("dcache", "/same/", 10));
    }

    [Fact]
    public async Task Empty_change_sets_are_taken_and_move_nothing()
    {
        var owner = await Store.TakeOver(1);
        var before = await Store.Commit([Sample.Of(owner).With(Sample.New(Sample.IdIn(1), owner.NextFileNumber))]);

        var after = await Store.Commit([Sample.Of(owner)]);

        Assert.Equal([true], after.Committed);
        Assert.Equal(before.CommitIndex, after.CommitIndex);
    }

    [Fact]
    public async Task Positions_hold_per_shard_source_and_partition_and_the_newest_wins()
    {
        var owners = new List<ShardOwnership> { await Store.TakeOver(0), await Store.TakeOver(1) };
        foreach (var position in new long[] { 10, 20 })
        {
            await Store.Commit(owners.ConvertAll(o =>
            {
                var set = Sample.Of(o);
                set.Positions.Add(new PositionRow(o.Shard, "doors", "p", 1, 1, position + o.Shard, null));
                set.Positions.Add(new PositionRow(o.Shard, "doors", "p2", 1, 1, 5, null));
                return set;
            }));
        }

        Assert.Equal([20, 21], (await Store.ReadPositions("doors", "p")).Select(p => p.Position));
        Assert.Empty(await Store.ReadPositions("door", "p"));
    }

    [Fact]
    public async Task A_partition_belongs_to_whoever_claimed_it_last()
    {
        var first = await Store.ClaimPartition("doors", "p");
        Assert.True(await Store.SavePartition(first with { Generation = 1, Detail = "inode 7" }));
        var second = await Store.ClaimPartition("doors", "p");

        Assert.False(await Store.SavePartition(first with { Generation = 9 }));

        Assert.True(second.ReaderEpoch > first.ReaderEpoch);
        Assert.Equal(new PartitionRow("doors", "p", second.ReaderEpoch, 1, "inode 7"), second);
        Assert.Equal([second], await Store.ReadPartitions("doors"));
        Assert.False(await Store.SavePartition(new PartitionRow("doors", "never claimed", 0, 0, "")));
        Assert.Empty(await Store.ReadPartitions("door"));
    }

    [Fact]
    public async Task Claims_at_the_same_time_give_each_its_own_epoch()
    {
        var claims = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => Store.ClaimPartition("doors", "p"))));

        Assert.Equal(Enumerable.Range(1, 20).Select(e => (long)e), claims.Select(c => c.ReaderEpoch).Order());
    }

    [Fact]
    public async Task Names_of_any_characters_are_kept_apart_and_given_back()
    {
        string[] names = ["a", "a\0", "a\0b", "ab", "a\ud800", "a\udc00b", "\0", "ä\uffff", "日本", "a\nb", "ABCDEF0123456789", "abcdef0123456789", ""];
        var owner = await Store.TakeOver(1);
        var set = Sample.Of(owner);
        var files = names.Select((name, i) => Sample.New(new FileId("s3", $"bucket/{name}"), owner.NextFileNumber + i, $"/d\0{name}/{name}")).ToList();
        files.ForEach(f => set.With(f));

        await Store.Commit([set]);

        var loaded = await Store.Load(1, files.ConvertAll(f => f.Id));
        for (var i = 0; i < files.Count; i++)
        {
            Same(files[i], loaded[i]);
            Same(files[i], Assert.Single(await Store.FindByPath("s3", files[i].Facts.Path.Value!, 10)));
        }
    }

    [Fact]
    public async Task After_a_recovery_a_new_owner_goes_on()
    {
        var owner = await Store.TakeOver(1);
        var file = Sample.New(Sample.IdIn(1), owner.NextFileNumber, "/a", 1, "run-1");
        await Store.Commit([Sample.Of(owner).With(file)]);

        await Store.Recover();

        var next = await Store.TakeOver(1);
        await Store.Commit([Sample.Of(next).With(file.Deleted(), file)]);
        Assert.Equal(2, (await Store.Find(file.Id))!.Version);
        Assert.Equal(0, Assert.Single(await Store.ReadDatasets(null, 10)).Bytes);
    }

    private static void MakeUnwritable(ChangeSet set, string row)
    {
        var change = set.Files[0];
        switch (row)
        {
            case "state":
                set.Files[0] = change with { After = change.After with { Facts = null! } };
                break;
            case "index of an older state":
                set.Files.Insert(0, change with { After = change.After with { Facts = null! } });
                break;
            case "intent":
                set.Intents.Add(new IntentChange(Sample.IntentOf(change.After) with { Action = null! }, false));
                break;
            case "counts":
                set.Datasets.Add(new DatasetDelta("run-1", 1, 7, null!, Sample.Noon));
                break;
            case "position":
                set.Positions.Add(null!);
                break;
            case "dead letter":
                set.DeadLetters.Add(new DeadLetter("doors", "p", 1, 1, null!, [], Sample.Noon));
                break;
            default:
                set.Aliases.Add(new AliasRow("mirror", "/a", default, Incarnation.None, null));
                break;
        }
    }

    /// <summary>Immutable arrays make record equality one of references; the row's own bytes say whether two states are the same.</summary>
    private protected static void Same(FileState expected, FileState? actual)
    {
        Assert.NotNull(actual);
        Assert.Equal(expected.Number, actual.Number);
        Assert.Equal(expected.Id, actual.Id);
        Assert.Equal(expected.Version, actual.Version);
        Assert.Equal(expected.Facts, actual.Facts);
        Assert.Equal(expected.UpdatedAt, actual.UpdatedAt);
        Assert.Equal(expected.Datasets, actual.Datasets);
        Assert.Equal(expected.Steps, actual.Steps);
    }
}
