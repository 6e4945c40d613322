using EventGrains.Contracts.Status;
using EventGrains.Silo.Store;
using EventGrains.Silo.Store.Postgres;

namespace EventGrains.Tests.Store.Postgres;

/// <summary>Silos of two releases on one database: what a migration adds is of use to the newer and harmless to the older.</summary>
public sealed class SchemaTests
{
    // What a release of schema 1 says, word for word.
    private const string TakeoverOfSchema1 = "update shards set epoch = epoch + 1, backend = 1, backend_start = now(), owner = 'older' where shard = 0 returning epoch, sequence";

    private const string BackToSchema1 = "alter table shards drop column taken_at, drop column taken_epoch; update store set version = 1, usable_from = 1";

    [Fact]
    public async Task A_store_of_schema_1_is_brought_to_the_newest_beside_an_owner_that_goes_on()
    {
        await using var database = await SharedDatabase.New();
        var older = await database.Open();
        var owned = await older.TakeOver(1);
        await database.Run(BackToSchema1);
        await older.Commit([Sample.Of(owned).With(Sample.New(Sample.IdIn(1), owned.NextFileNumber))]);

        var newer = await database.Open();

        Assert.Equal([true], (await older.Commit([Sample.Of(owned).With(Sample.New(Sample.IdIn(1, 1), owned.NextFileNumber + 1))])).Committed);
        Assert.Equal(PostgresSchema.Version, (await newer.ReadFigures()).View.Schema);
        Assert.All(await newer.ReadShards(), owner => Assert.Null(owner.Since));
        Assert.Equal(owned.Epoch, (await newer.ReadShards())[1].Epoch);
    }

    [Fact]
    public async Task A_shard_says_since_when_it_is_its_owners_unless_a_release_that_does_not_note_it_took_it()
    {
        await using var database = await SharedDatabase.New();
        var store = await database.Open();
        var start = DateTime.UtcNow.AddMinutes(-1); // the database's clock may be another
        var none = await store.ReadShards();
        await store.TakeOver(0);
        var first = await Owner(store);
        await database.Run(TakeoverOfSchema1);
        var older = await Owner(store);
        await store.TakeOver(0);
        var again = await Owner(store);

        Assert.All(none, owner => Assert.Null(owner.Since));
        Assert.InRange(first.Since!.Value, start, DateTime.UtcNow.AddMinutes(1));
        Assert.Equal(DateTimeKind.Utc, first.Since.Value.Kind);
        Assert.Equal(("older", first.Epoch + 1, null), (older.Silo, older.Epoch, older.Since));
        Assert.True(again.Since > first.Since);
    }

    [Fact]
    public async Task A_migration_that_must_wait_for_a_commit_lets_others_pass_and_comes_again()
    {
        await using var database = await SharedDatabase.New();
        await database.Open();
        await database.Run(BackToSchema1);
        var commit = await database.Hold("select from shards where shard = 0 for update");
        var opening = database.Open();
        await database.AwaitBlocked("alter table shards");
        var other = database.Run("select from shards where shard = 1 for update");

        await other;
        Assert.False(opening.IsCompleted);
        await commit.DisposeAsync();

        Assert.Equal(PostgresSchema.Version, (await (await opening).ReadFigures()).View.Schema);
    }

    /// <summary>Releases next to each other run side by side, so the one before must be able to use what this one leaves.</summary>
    [Fact]
    public void Each_migration_leaves_a_store_that_the_release_before_can_use()
    {
        Assert.Equal(Enumerable.Range(1, PostgresSchema.Version), PostgresSchema.Migrations.Select(m => m.Version));
        Assert.All(PostgresSchema.Migrations.Skip(1), m => Assert.InRange(m.UsableFrom, 1, m.Version - 1));
    }

    private static async Task<ShardOwner> Owner(IStore store) => (await store.ReadShards())[0];
}
