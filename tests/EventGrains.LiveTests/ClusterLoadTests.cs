namespace EventGrains.LiveTests;

/// <summary>Three silos, two gateways and a PostgreSQL as processes, under load, with faults; the long run of `loadtest/README.md` in three minutes.</summary>
[Collection(nameof(AloneOnTheMachine))]
public sealed class ClusterLoadTests
{
    // Seven processes share two cores, so healing may take its time; what is lost, repeated or wrong may not be at all.
    private const string HealsWithin = "40";

    /// <remarks>The seed's faults: a silo frozen amid a commit, a gateway killed, a silo killed, a silo stopped.</remarks>
    [Fact]
    public Task Nothing_is_lost_repeated_or_wrong_while_silos_and_gateways_fail() =>
        LoadTestTests.Run("cluster", "--silos", "3", "--rate", "200", "--seconds", "105", "--faults", "--heals-within", HealsWithin, "--seed", "8");
}
