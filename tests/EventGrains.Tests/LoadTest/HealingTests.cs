using EventGrains.LoadTest.Cluster;

namespace EventGrains.Tests.LoadTest;

public sealed class HealingTests
{
    private const double End = 100;

    [Fact]
    public void Where_nobody_waits_nothing_had_to_heal() =>
        Assert.Equal(0, After(20, Well(0, 100)));

    [Fact]
    public void It_is_healed_when_the_last_that_waited_has_got_its_event() =>
        Assert.Equal(8, After(20, [.. Well(0, 20), new(20.1, 28), new(21, 27), .. Well(28, 100)])!.Value, 9);

    [Fact]
    public void A_moment_of_calm_is_not_yet_health() =>
        Assert.Equal(12, After(20, [new(20.5, 25), .. Well(25, 26), new(25.5, 32), .. Well(32, 100)])!.Value, 9);

    [Fact]
    public void What_goes_wrong_after_two_good_seconds_is_another_matter() =>
        Assert.Equal(5, After(20, [new(20.5, 25), .. Well(25, 28), new(28.5, 32), .. Well(32, 100)])!.Value, 9);

    [Fact]
    public void One_file_that_waits_while_others_do_not_is_enough() =>
        Assert.Equal(30, After(20, [.. Well(0, 100), new(20.2, 50)])!.Value, 9);

    [Fact]
    public void An_event_that_never_came_never_healed() =>
        Assert.Null(After(20, [.. Well(0, 100), new(20.2, double.PositiveInfinity)]));

    [Fact]
    public void Health_that_cannot_be_seen_to_last_does_not_count() =>
        Assert.Null(After(95, [new(95.5, 99)]));

    [Fact]
    public void Healing_counts_from_the_end_of_an_outage_however_long_it_was() =>
        Assert.Equal(3, After(30, [new(20.5, 33), new(31, 33), .. Well(33, 100)])!.Value, 9);

    [Fact]
    public void Seconds_in_which_several_waited_count_once()
    {
        var stalls = Healing.Stalls([new(10, 14), new(11, 13), new(20, 22)]);

        Assert.Equal([new Stall(11, 14), new Stall(21, 22)], stalls);
        Assert.Equal(4, Healing.StalledSeconds(stalls, 0, End));
        Assert.Equal(1.5, Healing.StalledSeconds(stalls, 12.5, 20));
    }

    /// <remarks>Faults follow one another; what the second keeps waiting says nothing of the first.</remarks>
    [Fact]
    public void Who_is_kept_waiting_after_the_next_fault_began_is_that_ones()
    {
        FaultDone[] faults = [new(FaultKind.CrashPostgres, "postgres", 20, 26, ""), new(FaultKind.KillSilo, "silo-0", 40, 40, "")];
        Sample[] samples = [.. Well(0, 20), new(20.1, 30), new(25, 39.5), .. Well(30, 40), new(39.5, 43, ByLog: true), .. Well(43, 100)];

        var outcomes = FaultOutcome.Of(faults, samples, [], End);

        Assert.Equal([13.5, 3], outcomes.Select(o => Math.Round(o.HealedAfter!.Value, 9)));
        Assert.Equal([0.0, 3], outcomes.Select(o => Math.Round(o.LogHealedAfter!.Value, 9)));
    }

    /// <remarks>A silo joins in seconds, and is given shards and readers only when nobody came or went for a while.</remarks>
    [Fact]
    public void Calm_before_a_silo_more_has_its_share_is_no_health()
    {
        FaultDone added = new(FaultKind.AddSilo, "silo-3", 20, 28, "") { CalmFrom = 38 };
        Sample[] samples = [.. Well(0, 33), new(33, 40), .. Well(40, 100)];

        Assert.Equal(12, Outcome(samples, added).HealedAfter!.Value, 9);
        Assert.Equal(0, Outcome(samples, added with { CalmFrom = 28 }).HealedAfter);
    }

    [Fact]
    public void Calm_before_a_silo_that_leaves_has_ended_is_no_health() =>
        Assert.Equal(8, Outcome([.. Well(0, 24), new(24, 28), .. Well(28, 100)], new FaultDone(FaultKind.StopSilo, "silo-0", 20, 20, "") { CalmFrom = 25 }).HealedAfter!.Value, 9);

    [Fact]
    public void A_return_whose_time_cannot_be_seen_to_end_did_not_heal() =>
        Assert.Null(Outcome(Well(0, 100), Back(93)).HealedAfter);

    [Fact]
    public void What_one_that_is_back_keeps_waiting_is_its_own_matter_and_has_a_name_of_its_own()
    {
        Sample[] samples = [.. Well(0, 20), new(20, 25), .. Well(25, 36), new(36, 43), .. Well(43, 100)];

        var outcomes = FaultOutcome.Of([new(FaultKind.KillSilo, "silo-0", 20, 20, ""), Back(35), new(FaultKind.StopPostgres, "postgres", 60, 65, "")], samples, [], End);

        Assert.Equal(["KillSilo", "KillSilo, back", "StopPostgres"], outcomes.Select(o => o.Kind));
        Assert.Equal([5.0, 8, 0], outcomes.Select(o => Math.Round(o.HealedAfter!.Value, 9)));
        Assert.Equal([6.0, null, 0], outcomes.Select(o => o.LaterStallSeconds));
        Assert.Equal(["KillSilo", "KillSilo, back", "StopPostgres"], KindOutcome.Of(outcomes).Select(k => k.Kind));
    }

    [Fact]
    public void A_return_does_not_end_the_time_in_which_a_fault_must_heal() =>
        Assert.Equal(
            [30.0, 15],
            FaultOutcome.Of([new(FaultKind.KillSilo, "silo-0", 20, 20, ""), Back(35)], [.. Well(0, 20), new(20, 34), new(33.5, 44), new(43.5, 50), .. Well(50, 100)], [], End)
                .Select(o => Math.Round(o.HealedAfter!.Value, 9)));

    [Fact]
    public void One_that_comes_back_amid_an_outage_heals_from_its_end()
    {
        var outcomes = FaultOutcome.Of([new(FaultKind.CutLink, "silo-1", 40, 48, ""), Back(41)], [.. Well(0, 40), new(40, 51), .. Well(51, 100)], [], End);

        Assert.Equal([(48.0, 3.0), (48.0, 3.0)], outcomes.Select(o => (o.HealFrom, o.HealedAfter!.Value)));
        Assert.Equal([10.0, null], outcomes.Select(o => o.StalledSeconds));
    }

    [Fact]
    public void Whoever_waits_after_the_calm_waits_apart_from_the_healing()
    {
        FaultDone killed = new(FaultKind.KillSilo, "silo-0", 20, 20, "");

        var outcome = Outcome([.. Well(0, 20), new(20, 25), .. Well(25, 30), new(30, 40), new(41, 47), .. Well(47, 60), new(60, 63), .. Well(63, 100)], killed);

        Assert.Equal(5, outcome.HealedAfter!.Value, 9);
        Assert.Equal(16, outcome.LaterStallSeconds!.Value, 9);
    }

    [Fact]
    public void During_an_outage_somebody_must_wait_but_not_while_a_silo_starts()
    {
        Sample[] samples = [.. Well(0, 20), new(20, 27), .. Well(27, 100)];

        Assert.Equal(0, Outcome(samples, new FaultDone(FaultKind.CutLink, "silo-0", 20, 28, "")).LaterStallSeconds);
        Assert.Equal(6, Outcome(samples, new FaultDone(FaultKind.AddSilo, "silo-0", 20, 28, "")).LaterStallSeconds);
    }

    [Fact]
    public void What_a_client_meets_is_of_the_last_fault_before_it()
    {
        FaultDone[] faults = [new(FaultKind.KillSilo, "silo-0", 20, 20, ""), Back(35), new(FaultKind.StopSilo, "silo-1", 40, 40, "it ended after 3.0 s"), new(FaultKind.StopSilo, "silo-2", 60, 60, "")];
        ClientError[] errors = [new(10, "gateway-0", true, "early"), new(21, "gateway-0", true, "refused"), new(36, "gateway-1", true, "refused"), new(41, "gateway-1", false, "503")];

        var outcomes = FaultOutcome.Of(faults, [.. Well(0, 100)], errors, End);

        Assert.Equal([2, null, 1, 0], outcomes.Select(o => o.ClientErrors));
        Assert.Equal(["", "", "it ended after 3.0 s; a client of gateway-1 at 41.0 s: 503", ""], outcomes.Select(o => o.Note));
        Assert.Equal([("KillSilo", 2), ("KillSilo, back", null), ("StopSilo", (int?)1)], KindOutcome.Of(outcomes).Select(k => (k.Kind, k.ClientErrors)));
    }

    private static FaultDone Back(double at) => new(FaultKind.KillSilo, "silo-0", at, at, "") { IsReturn = true, CalmFrom = at + 6 };

    private static FaultOutcome Outcome(IEnumerable<Sample> samples, FaultDone fault) => Assert.Single(FaultOutcome.Of([fault], [.. samples], [], End));

    private static double? After(double moment, params IEnumerable<Sample> samples) => Healing.After(Healing.Stalls(samples), moment, End);

    private static IEnumerable<Sample> Well(int from, int to) => Enumerable.Range(from * 10, (to - from) * 10).Select(n => new Sample(n / 10.0, n / 10.0 + 0.2));
}
