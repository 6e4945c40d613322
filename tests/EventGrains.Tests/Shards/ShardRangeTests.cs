using EventGrains.Contracts.Files;
using EventGrains.Contracts.Shards;
using EventGrains.Events;
using EventGrains.Files;
using EventGrains.Tests.Cluster;
using EventGrains.Tests.Files;

namespace EventGrains.Tests.Shards;

/// <summary>What a shard promises to whoever sends it ranges of a partition.</summary>
public sealed class ShardRangeTests
{
    [Fact]
    public async Task A_range_with_a_hole_before_it_is_refused_and_the_answer_says_where_the_shard_stands()
    {
        await using var silo = await OneSilo.Start();
        var shard = silo.ShardOf(Says.File);

        Assert.Equal(RangeVerdict.Committed, (await shard.ApplyRange(Range(0, 100, Says.DoorStored("/d/f", 0)))).Verdict);
        var gap = await shard.ApplyRange(Range(150, 200, Says.PoolHas("pool-a", 0)));
        var repeat = await shard.ApplyRange(Range(0, 100, Says.DoorStored("/d/f", 0)));

        Assert.Equal(new RangeAnswer(RangeVerdict.Gap, new RangePoint(1, 100)), gap);
        Assert.Equal(new RangeAnswer(RangeVerdict.Committed, new RangePoint(1, 100)), repeat);
        Assert.Equal(1, (await silo.Grains.GetFile(Says.File).Get())!.Version);
    }

    [Fact]
    public async Task A_range_whose_files_are_in_memory_does_not_overtake_one_that_waits_for_the_store()
    {
        await using var silo = await OneSilo.Start();
        var (shard, unknown) = (silo.ShardOf(Says.File), OtherInItsShard(silo));
        await shard.ApplyRange(Range(0, 100, Says.DoorStored("/d/f", 0)));
        var (asked, loads) = (new TaskCompletionSource(), new TaskCompletionSource());
        silo.Store.BeforeLoad = _ =>
        {
            asked.TrySetResult();
            return loads.Task;
        };
        var first = shard.ApplyRange(Range(100, 200, Says.DoorStored("/d/0", 0)) with { Events = [new StorageEvent(unknown, "said", Says.DoorStored("/d/0", 0))] });
        await asked.Task;

        var second = shard.ApplyRange(Range(200, 300, Says.PoolHas("pool-a", 0)));
        await shard.Ping();
        loads.SetResult();

        Assert.Equal(RangeVerdict.Committed, (await first).Verdict);
        Assert.Equal(new RangeAnswer(RangeVerdict.Committed, new RangePoint(1, 300)), await second);
    }

    [Fact]
    public async Task A_range_that_could_not_be_loaded_keeps_none_behind_it_waiting()
    {
        await using var silo = await OneSilo.Start();
        var shard = silo.ShardOf(Says.File);
        var loads = new TaskCompletionSource();
        silo.Store.BeforeLoad = _ => loads.Task;
        var first = shard.ApplyRange(Range(0, 100, Says.DoorStored("/d/f", 0)));
        var second = shard.ApplyRange(Range(100, 200, Says.PoolHas("pool-a", 0)) with { Events = [], Positions = [] });
        await shard.Ping();

        silo.Store.BeforeLoad = null;
        loads.SetException(new IOException("the store is away"));

        await Assert.ThrowsAnyAsync<Exception>(() => first);
        Assert.Equal(new RangeAnswer(RangeVerdict.Gap, default), await second);
    }

    /// <remarks>The first event's file would be known in memory and nowhere else: said again, it would be silent.</remarks>
    [Fact]
    public async Task A_range_that_cannot_be_decided_to_its_end_leaves_nothing_behind()
    {
        await using var silo = await OneSilo.Start();
        var shard = silo.ShardOf(Says.File);
        var range = Range(0, 100, Says.DoorStored("/d/f", 0)) with
        {
            Events = [new StorageEvent(Says.File, "said", Says.DoorStored("/d/f", 0)), new StorageEvent(OtherInItsShard(silo), "said", Says.DoorStored("/d/0", 0))],
        };

        await Assert.ThrowsAnyAsync<Exception>(() => shard.ApplyRange(range with { Positions = [50] }));

        Assert.Equal(RangeVerdict.Committed, (await shard.ApplyRange(range with { Positions = [50, 100] })).Verdict);
        Assert.Equal(1, (await silo.Store.Find(Says.File))?.Version);
        Assert.Equal(1, (await silo.Store.Find(OtherInItsShard(silo)))?.Version);
    }

    [Fact]
    public async Task Positions_outlive_the_silo_with_the_state_they_belong_to()
    {
        var store = new Store.MemoryStore(4);
        await using (var silo = await OneSilo.Start(store: store))
        {
            await silo.ShardOf(Says.File).ApplyRange(Range(0, 100, Says.DoorStored("/d/f", 0)));
        }

        await using var again = await OneSilo.Start(store: store);

        Assert.Equal(RangeVerdict.Gap, (await again.ShardOf(Says.File).ApplyRange(Range(150, 200, Says.PoolHas("pool-a", 0)))).Verdict);
        Assert.Equal(RangeVerdict.Committed, (await again.ShardOf(Says.File).ApplyRange(Range(100, 200, Says.PoolHas("pool-a", 0)))).Verdict);
    }

    private static FileId OtherInItsShard(OneSilo silo) =>
        Enumerable.Range(0, 50).Select(i => new FileId("dcache", $"0000{i:X4}")).First(f => f.ShardOf(silo.Store.Shards) == Says.File.ShardOf(silo.Store.Shards));

    private static EventRange Range(long after, long upTo, FileFacts says) => new(
        "billing", "log", 1, 1, after == 0 ? default : new RangePoint(1, after), upTo, [new StorageEvent(Says.File, "said", says)], [upTo], []);
}
