using System.Net;
using EventGrains.Contracts;
using EventGrains.Silo.Cluster;
using Microsoft.Extensions.Time.Testing;
using Orleans.Runtime;

namespace EventGrains.Tests.Cluster;

/// <summary>What a silo knows of where shards are, and to whom it may give any.</summary>
public sealed class ShardMapTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly ShardMap _map;

    public ShardMapTests() => _map = new ShardMap(new ClusterShape(4), _time);

    /// <remarks>A silo that stops gives all away while membership still calls it active. Given any back, it would have to give them again, and each time they rest.</remarks>
    [Fact]
    public void A_silo_that_gave_a_shard_away_is_given_none_until_it_has_had_time_to_leave()
    {
        _map.Heard(0, Silo(1), 1);
        _map.Heard(0, Silo(2), 2);

        Assert.False(_map.MayTake(Silo(1), 3));
        Assert.True(_map.MayTake(Silo(2), 3));
        _time.Advance(TimeSpan.FromSeconds(29));
        Assert.False(_map.MayTake(Silo(1), 3));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(_map.MayTake(Silo(1), 3));
    }

    /// <remarks>A silo that has too many gives some to one that joined; if that were too many, it is given them back at once.</remarks>
    [Fact]
    public void A_silo_that_gave_of_its_plenty_does_not_leave()
    {
        _map.Heard(0, Silo(1), 1);
        _map.Heard(1, Silo(1), 1);
        _map.Heard(0, Silo(2), 2);

        Assert.True(_map.MayTake(Silo(1), 3));
        Assert.False(_map.MayTake(Silo(1), 2));
    }

    [Fact]
    public void A_silo_that_starts_its_shard_over_gave_nothing_away()
    {
        _map.Heard(0, Silo(1), 1);
        _map.Heard(0, Silo(1), 2);

        Assert.True(_map.MayTake(Silo(1), 3));
    }

    [Fact]
    public void What_is_heard_late_of_an_earlier_holder_does_not_count()
    {
        _map.Heard(0, Silo(1), 1);
        _map.Heard(0, Silo(2), 2);
        _map.Heard(0, Silo(1), 1);

        Assert.Equal(Silo(2), _map.Holders()[0]);
        Assert.True(_map.MayTake(Silo(2), 3));
    }

    private static SiloAddress Silo(int number) => SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 11_000 + number), 1);
}
