using EventGrains.Contracts.Files;
using EventGrains.Contracts.Shards;
using EventGrains.Contracts.Transitions;
using EventGrains.Events;
using EventGrains.Files;
using EventGrains.Tests.Faults;
using EventGrains.Tests.Files;
using EventGrains.Tests.Postgres;
using Orleans.TestingHost;

namespace EventGrains.Tests.Store.Postgres;

/// <summary>The link to the database is cut during a commit: whether it took effect or not, the same events again give each version once.</summary>
public sealed class CommitLinkTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_commit_whose_end_nobody_heard_is_neither_lost_nor_made_twice(bool tookEffect)
    {
        await using var database = await SharedDatabase.New();
        var (link, through) = PostgresServer.Behind(database.Connection);
        await using var _ = link;
        await using var silo = await database.StartSilo(through);
        await Tell(silo, Says.DoorStored("/d/f", 0));
        var store = await database.Open();
        var before = (await store.ReadLogEnds()).Latest;

        var cut = tookEffect ? link.CutAt(Sender.Server, FaultProxy.Says("COMMIT"), Moment.BeforePassing) : CutBeforeTheEnd(link);
        await Assert.ThrowsAnyAsync<Exception>(() => Tell(silo, Says.PoolHas("pool-a", 0)));
        await cut;
        await Assert.AllAsync(new[] { "pool-a", "pool-b" }, pool => Again(() => Tell(silo, Says.PoolHas(pool, 0))));

        Assert.Equal([1, 2, 3], (await store.ReadHistory(Says.File, 0, 10)).Select(t => t.Transition.Version));
        Assert.Equal([2, 3], (await store.ReadLog(before, 10)).Items.Select(t => t.Transition.Version));
        Assert.Equal([2, 3], (await store.ReadLog(before, 10)).Items.Select(t => t.Sequence));
    }

    /// <summary>The rows arrive; the message that takes the number and commits does not.</summary>
    private static async Task CutBeforeTheEnd(FaultProxy link)
    {
        var cut = Task.CompletedTask;
        await link.At(Sender.Server, FaultProxy.Says("INSERT 0 1"), Moment.AfterPassing, () => cut = link.CutAt(Sender.Client, _ => true, Moment.BeforePassing));
        await cut;
    }

    private static Task<ApplyAnswer> Tell(InProcessTestCluster silo, FileFacts says) =>
        silo.Client.GetGrain<IFileShardGrain>(Says.File.ShardOf(Sample.Shards)).Apply(new EventBatch("billing", [new StorageEvent(Says.File, "said", says)]));

    /// <summary>As every client does: what got no answer is sent again.</summary>
    private static async Task Again(Func<Task> send)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                await send();
                return;
            }
            catch (Exception) when (tries < 100)
            {
                await Task.Yield();
            }
        }
    }
}
