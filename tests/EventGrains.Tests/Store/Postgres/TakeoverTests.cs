using EventGrains.Files;
using EventGrains.Silo.Store;

namespace EventGrains.Tests.Store.Postgres;

/// <summary>A shard that moves between silos: whoever took it over last is the only one to commit it, whatever the owner before was doing.</summary>
public sealed class TakeoverTests
{
    [Fact]
    public async Task Of_sixteen_shards_in_one_commit_the_one_that_was_taken_over_is_refused_alone_and_its_new_owner_commits_it()
    {
        await using var database = await SharedDatabase.New(shards: 16);
        var (old, young) = (await database.Open(), await database.Open());
        var owners = new List<ShardOwnership>();
        for (var shard = 0; shard < 16; shard++)
        {
            owners.Add(await old.TakeOver(shard));
        }

        var sets = owners.ConvertAll(o => Sample.Of(o).With(Sample.New(IdIn(o.Shard), o.NextFileNumber)));
        var taken = await young.TakeOver(7);

        var outcome = await old.Commit(sets);

        Assert.Equal(Enumerable.Range(0, 16).Select(shard => shard != 7), outcome.Committed);
        Assert.Equal(taken.NextFileNumber, owners[7].NextFileNumber);
        Assert.Equal([true], (await young.Commit([Sample.Of(taken).With(Sample.New(IdIn(7), taken.NextFileNumber))])).Committed);
        await Assert.AllAsync(Enumerable.Range(0, 16), async shard => Assert.Equal(1, (await young.Find(IdIn(shard)))?.Version));
    }

    [Fact]
    public async Task A_takeover_waits_for_the_commit_that_is_under_way_and_sees_what_it_wrote()
    {
        await using var database = await SharedDatabase.New();
        var (old, young) = (await database.Open(), await database.Open());
        var owner = await old.TakeOver(0);
        var file = Sample.New(Sample.IdIn(0), owner.NextFileNumber);
        await old.Commit([Sample.Of(owner).With(file)]);
        var row = await database.Hold($"select from files where number = {file.Number} for update");
        var commit = old.Commit([Sample.Of(owner).With(file.At("/moved"), file).With(Sample.New(Sample.IdIn(0, 1), owner.NextFileNumber + 1))]);
        await database.AwaitBlocked("update files");

        var takeover = young.TakeOver(0);
        await database.AwaitBlocked("update shards");
        await row.DisposeAsync();

        Assert.Equal([true], (await commit).Committed);
        Assert.Equal(owner.NextFileNumber + 2, (await takeover).NextFileNumber);
    }

    [Fact]
    public async Task An_owner_that_does_not_give_the_shard_up_loses_its_connection()
    {
        await using var database = await SharedDatabase.New();
        var (old, young) = (await database.Open(), await database.Open());
        var owner = await old.TakeOver(0);
        var file = Sample.New(Sample.IdIn(0), owner.NextFileNumber);
        await old.Commit([Sample.Of(owner).With(file)]);
        await using var row = await database.Hold($"select from files where number = {file.Number} for update");
        var commit = old.Commit([Sample.Of(owner).With(file.At("/moved"), file)]);
        await database.AwaitBlocked("update files");

        var taken = await young.TakeOver(0);

        await Assert.ThrowsAnyAsync<Exception>(() => commit);
        Assert.True(taken.Epoch > owner.Epoch);
        Assert.Equal(1, (await young.Find(file.Id))!.Version);
    }

    [Fact]
    public async Task After_its_connection_was_ended_a_silo_commits_again_and_its_shards_name_the_new_one()
    {
        await using var database = await SharedDatabase.New();
        var (store, other) = (await database.Open(), await database.Open());
        var owner = await store.TakeOver(0);
        await database.Run("select pg_terminate_backend(backend) from shards where shard = 0");
        await Assert.ThrowsAnyAsync<Exception>(() => store.Commit([Sample.Of(owner).With(Sample.New(Sample.IdIn(0), owner.NextFileNumber))]));

        await store.Recover();

        var again = await store.TakeOver(0);
        await store.Commit([Sample.Of(again).With(Sample.New(Sample.IdIn(0), again.NextFileNumber))]);
        Assert.NotNull(await other.Find(Sample.IdIn(0)));
    }

    private static FileId IdIn(int shard) => Enumerable.Range(0, int.MaxValue)
        .Select(i => new FileId("dcache", $"0000{i:X32}"))
        .First(id => id.ShardOf(16) == shard);
}
