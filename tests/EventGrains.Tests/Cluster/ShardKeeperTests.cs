using EventGrains.Contracts.Files;
using EventGrains.Contracts.Shards;
using EventGrains.Events;
using EventGrains.Files;
using EventGrains.Silo.Cluster;
using Microsoft.Extensions.DependencyInjection;

namespace EventGrains.Tests.Cluster;

/// <summary>Shards in a cluster: even, and elsewhere within seconds when silos come and go, without an error for whoever calls them.</summary>
public sealed class ShardKeeperTests
{
    [Fact]
    public async Task A_silo_that_joins_gets_its_share_and_nothing_else_moves_and_no_call_fails()
    {
        await using var silos = await Silos.Start(2, 12);
        await silos.Even();
        var before = await silos.Until(silos.AllHeard);
        using var enough = new CancellationTokenSource();
        var calling = Task.Run(() => Tell(silos, enough.Token), TestContext.Current.CancellationToken);

        var joined = (await silos.Cluster.StartAdditionalSiloAsync()).SiloAddress;
        var after = await silos.Even();

        await enough.CancelAsync();
        Assert.InRange(await calling, 1, int.MaxValue);
        Assert.All(before.Zip(after), shard => Assert.True(shard.First.Silo.Equals(shard.Second.Silo) || shard.Second.Silo.Equals(joined)));
        Assert.Equal(4, after.Count(o => o.Silo.Equals(joined)));

        // Whoever moved has a new epoch, whoever stayed has the old one: nothing moved twice.
        Assert.All(before.Zip(after), shard => Assert.Equal(shard.First.Silo.Equals(shard.Second.Silo) ? shard.First.Epoch : shard.First.Epoch + 1, shard.Second.Epoch));
    }

    /// <remarks>Membership calls a silo that stops active until it has given all away.</remarks>
    [Fact]
    public async Task Whoever_gives_a_shard_away_is_not_given_it_back_to_be_even()
    {
        await using var silos = await Silos.Start(2, 12);
        await silos.Even();
        var before = await silos.Until(silos.AllHeard);
        var (given, from) = (before[0].Shard, before[0].Silo);
        var to = silos.Cluster.Silos.Select(s => s.SiloAddress).Single(s => !s.Equals(from));

        await silos.Move(given, to);
        await silos.Until(owners => owners[given].Silo.Equals(to) && silos.AllHeard(owners));

        // Seven and five: what is even would have one go back.
        Assert.Empty(silos.Cluster.GetSiloServiceProvider(to).GetRequiredService<ShardKeeper>().ToMove([.. silos.Cluster.Silos.Select(s => s.SiloAddress).InOrder()]));
        Assert.Equal(7, (await silos.Owners()).Count(o => o.Silo.Equals(to)));
    }

    [Fact]
    public async Task The_shards_of_a_silo_that_dies_are_served_by_the_others_evenly()
    {
        await using var silos = await Silos.Start(3, 12);
        await silos.Even();
        var before = await silos.Until(silos.AllHeard);
        var dead = silos.Cluster.Silos[1];

        await silos.Cluster.KillSiloAsync(dead);
        var after = await silos.Even();

        Assert.DoesNotContain(after, shard => shard.Silo.Equals(dead.SiloAddress));
        Assert.All(before.Zip(after), shard => Assert.True(!shard.First.Silo.Equals(dead.SiloAddress) || shard.Second.Epoch > shard.First.Epoch));
    }

    [Fact]
    public async Task A_silo_that_stops_gives_its_shards_away_and_no_call_fails()
    {
        await using var silos = await Silos.Start(3, 12);
        await silos.Even();
        using var enough = new CancellationTokenSource();
        var calling = Task.Run(() => Tell(silos, enough.Token), TestContext.Current.CancellationToken);

        await silos.Cluster.StopSiloAsync(silos.Cluster.Silos[2]);
        await silos.Even();

        await enough.CancelAsync();
        Assert.InRange(await calling, 1, int.MaxValue);
    }

    [Fact]
    public async Task A_file_is_where_its_shard_is()
    {
        await using var silos = await Silos.Start(3, 12);
        await silos.Even();
        var owners = await silos.Until(silos.AllHeard);
        foreach (var file in Enumerable.Range(0, 24).Select(i => new FileId("s", $"{i:X4}")))
        {
            var grain = silos.Grains.GetFile(file);
            await grain.Get();

            Assert.True(silos.Cluster.TryGetGrainContext(grain.GetGrainId(), out var context));
            Assert.Equal(owners[file.ShardOf(12)].Silo, context.Address.SiloAddress);
        }
    }

    // What a silo still held of a shard that it gave away would be started twice, and counted against its bounds.
    [Fact]
    public async Task A_silo_forgets_what_it_held_of_a_shard_that_it_gave_away()
    {
        await using var silos = await Silos.Start(2, 4);
        var owner = (await silos.Even())[0].Silo;
        var other = silos.Cluster.Silos.First(s => !s.SiloAddress.Equals(owner)).SiloAddress;

        await silos.Move(0, other);

        Assert.Equal(other, silos.Cluster.GetSiloServiceProvider(other).GetRequiredService<ShardMap>().Holders()[0]);
        Assert.NotEqual(owner, silos.Cluster.GetSiloServiceProvider(owner).GetRequiredService<ShardMap>().Holders()[0]);
    }

    /// <summary>Tells shards of new files without a pause until it has been enough; how many it told. Any error is the test's.</summary>
    private static async Task<int> Tell(Silos silos, CancellationToken enough)
    {
        var told = 0;
        while (!enough.IsCancellationRequested)
        {
            var files = Enumerable.Range(0, 8).Select(i => new FileId("s", $"{told + i:X8}")).ToList();
            await Task.WhenAll(files.Select(file => silos.Shard(file.ShardOf(silos.Store.Shards)).Apply(new EventBatch("billing", [new StorageEvent(file, "said", FileFacts.Nothing)]))));
            told += files.Count;
        }

        return told;
    }
}
