using EventGrains.Contracts.Files;
using EventGrains.Contracts.Shards;
using EventGrains.Events;
using EventGrains.Files;
using EventGrains.Tests.Files;
using EventGrains.Tests.Sources;
using EventGrains.Tests.Store.Postgres;
using Orleans.TestingHost;
using Xunit.Sdk;

namespace EventGrains.Tests.Shards;

/// <summary>Two activations of one shard at once, made on purpose: two clusters that know nothing of each other, over one database.</summary>
public sealed class FenceTests
{
    private const int Files = 12;

    public static TheoryData<int> Runs => Lives.With(1, 2);

    [Theory]
    [MemberData(nameof(Runs))]
    public async Task Of_two_activations_of_a_shard_one_wins_at_a_time_and_nothing_is_lost_or_doubled(int seed)
    {
        await using var database = await SharedDatabase.New();

        await TwoOwners(database, seed);
    }

    [Fact]
    public async Task Without_the_fence_they_overwrite_each_other()
    {
        await using var database = await SharedDatabase.New();
        await database.Open();
        await database.Run(
            """
            create function no_fence() returns trigger language plpgsql as 'begin new.epoch := 1; return new; end';
            create trigger no_fence before update on shards for each row execute function no_fence();
            """);

        await Assert.ThrowsAnyAsync<XunitException>(() => TwoOwners(database, seed: 1));
    }

    private static async Task TwoOwners(SharedDatabase database, int seed)
    {
        await using var one = await database.StartSilo();
        await using var other = await database.StartSilo();
        var store = await database.Open();
        var files = Enumerable.Range(0, int.MaxValue).Select(n => new FileId("dcache", $"0000{n:X32}")).Where(f => f.ShardOf(store.Shards) == 1).Take(Files).ToList();
        var random = new Random(seed);
        var said = files.SelectMany(f => new[] { (f, Says.DoorStored($"/d/{f.Native}", 0)), (f, Says.PoolHas("pool-a", 0)), (f, Says.PoolHas("pool-b", 0)) }).ToArray();
        random.Shuffle(said);
        var toOne = said.Where(_ => random.Next(2) == 0).ToList();

        await Task.WhenAll(Send(one, toOne), Send(other, [.. said.Except(toOne)]));

        foreach (var id in files)
        {
            var file = await store.Find(id);
            Assert.True(file is { Version: 3, Facts.Replicas.Length: 2 }, $"seed {seed}: {id} has version {file?.Version} and {file?.Facts.Replicas.Length} replicas");
            Assert.Equal([1, 2, 3], (await store.ReadHistory(id, 0, 10)).Select(t => t.Transition.Version));
        }
    }

    /// <summary>As every client does: one thing after another, and what got no answer again.</summary>
    private static async Task Send(InProcessTestCluster cluster, List<(FileId File, FileFacts Facts)> said)
    {
        foreach (var (file, facts) in said)
        {
            for (var tries = 1; ; tries++)
            {
                try
                {
                    await cluster.Client.GetGrain<IFileShardGrain>(1).Apply(new EventBatch("billing", [new StorageEvent(file, "said", facts)]));
                    break;
                }
                catch (Exception) when (tries < 100)
                {
                    await Task.Yield();
                }
                catch (Exception refused)
                {
                    Assert.Fail($"{file} is never taken: {refused.Message}");
                }
            }
        }
    }
}
