namespace EventGrains.LiveTests;

/// <summary>Two silos and two gateways of an older release become ones of this, one after another, under load: the schema and a contract changed between the two.</summary>
[Collection(nameof(AloneOnTheMachine))]
public sealed class RollingUpgradeTests(OlderRelease older)
{
    /// <remarks>The load test finds anything that is lost, repeated or wrong, and any error at a client but of connections with the gateway that is being replaced.</remarks>
    [Fact]
    public async Task An_upgrade_under_load_loses_nothing_and_no_client_meets_an_error()
    {
        if (await older.WhyNot() is { } whyNot)
        {
            Assert.SkipUnless(OlderRelease.IsInCi, whyNot);
            Assert.Fail($"in CI nothing may be skipped: {whyNot}");
        }

        var result = await LoadTestTests.Run(
            "cluster", "--upgrade-from", OlderRelease.Executable, "--silos", "2", "--gateways", "2", "--rate", "50", "--seconds", "75", "--seed", "8");

        var upgrade = result.GetProperty("upgrade");
        Assert.Equal((1, 2), (upgrade.GetProperty("schemaBefore").GetInt32(), upgrade.GetProperty("schemaAfter").GetInt32()));
        Assert.True(upgrade.GetProperty("sideBySide").GetInt32() > 0, "no answer showed shards of both releases");
        Assert.Equal(
            ["silo-0", "silo-1", "gateway-0", "gateway-1", "silo-0 back", "silo-0"],
            upgrade.GetProperty("replacements").EnumerateArray().Select(r => r.GetProperty("member").GetString() + (r.GetProperty("isBack").GetBoolean() ? " back" : "")));
    }
}
