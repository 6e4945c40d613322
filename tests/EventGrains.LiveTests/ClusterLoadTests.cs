namespace EventGrains.LiveTests;

/// <summary>Three silos, two gateways and a PostgreSQL as processes, under load, with faults; the long run of `loadtest/README.md` in three minutes.</summary>
[Collection(nameof(AloneOnTheMachine))]
public sealed class ClusterLoadTests
{
    // Seven processes share two cores, so healing may take its time; what is lost, repeated or wrong may not be at all.
    private const string HealsWithin = "40";

    // Three minutes of load, and what a busy machine takes to start seven processes and to look at every file. Below the bound at which a test counts as hung.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(7);

    /// <summary>In the order of the seed's schedule. The last may be left out, when those before it had to wait.</summary>
    private static readonly string[] Faults = ["KillSilo", "CrashPostgres", "AddSilo", "StopSilo", "CutLink", "FreezeInCommit", "StopPostgres", "KillGateway"];

    private static readonly string[] Returns = ["KillSilo, back", "StopSilo, back", "FreezeInCommit, back"];

    [Fact]
    public async Task Nothing_is_lost_repeated_or_wrong_while_silos_gateways_links_and_the_database_fail()
    {
        var result = await LoadTestTests.Run(
            Patience, "cluster", "--silos", "3", "--rate", "500", "--seconds", "180", "--faults", "--heals-within", HealsWithin, "--seed", "179");

        var kinds = result.GetProperty("faults").EnumerateArray().Select(f => f.GetProperty("kind").GetString()!).ToList();
        Assert.Equal(Faults[..^1], kinds.Where(Faults[..^1].Contains));
        Assert.Equal(Returns, kinds.Where(Returns.Contains).Distinct());
    }
}
