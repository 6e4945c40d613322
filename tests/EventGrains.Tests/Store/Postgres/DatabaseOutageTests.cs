using EventGrains.Contracts.Status;
using EventGrains.Silo;
using EventGrains.Silo.Store.Postgres;
using EventGrains.Tests.Postgres;

namespace EventGrains.Tests.Store.Postgres;

/// <summary>PostgreSQL stops, is killed, and comes back: calls end in time, and all goes on by itself.</summary>
public sealed class DatabaseOutageTests
{
    [Fact]
    public async Task While_the_database_is_away_calls_say_so_and_when_it_is_back_everything_goes_on()
    {
        await using var server = await PostgresServer.StartPrivate();
        var settings = new SiloSettings { Shards = Sample.Shards, Postgres = await server.NewDatabase(), StoreRetrySeconds = 0.2 };
        await using var store = await PostgresStore.Open(settings, TimeProvider.System);
        var owner = await store.TakeOver(1);
        var file = Sample.New(Sample.IdIn(1), owner.NextFileNumber);
        await store.Commit([Sample.Of(owner).With(file)]);

        await server.Stop(StopMode.Immediate);

        await Assert.ThrowsAnyAsync<Exception>(() => store.Commit([Sample.Of(owner).With(file.At("/moved"), file)]));
        Assert.Contains("does not answer", (await Assert.ThrowsAsync<StoreAwayException>(() => store.Find(file.Id))).Message, StringComparison.Ordinal);
        await Assert.ThrowsAnyAsync<Exception>(() => store.Recover());

        await server.Start();

        await store.Recover();
        var again = await store.TakeOver(1);
        Assert.True(again.Epoch > owner.Epoch);
        Assert.Equal(1, (await store.Find(file.Id))!.Version);
        Assert.Equal([true], (await store.Commit([Sample.Of(again).With(file.At("/moved"), file)])).Committed);
    }

    [Fact]
    public async Task A_call_that_meets_a_restart_is_repeated_and_nobody_hears_of_it()
    {
        await using var server = await PostgresServer.StartPrivate();
        await using var store = await PostgresStore.Open(new SiloSettings { Shards = Sample.Shards, Postgres = await server.NewDatabase() }, TimeProvider.System);
        var owner = await store.TakeOver(1);
        await store.Commit([Sample.Of(owner).With(Sample.New(Sample.IdIn(1), owner.NextFileNumber))]);

        await server.Kill();
        await server.Start();

        Assert.NotNull(await store.Find(Sample.IdIn(1)));
    }
}
