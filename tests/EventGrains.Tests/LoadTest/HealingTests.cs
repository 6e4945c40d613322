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

        var outcomes = FaultOutcome.Of(faults, samples, End);

        Assert.Equal([13.5, 3], outcomes.Select(o => Math.Round(o.HealedAfter!.Value, 9)));
        Assert.Equal([0.0, 3], outcomes.Select(o => Math.Round(o.LogHealedAfter!.Value, 9)));
    }

    private static double? After(double moment, params IEnumerable<Sample> samples) => Healing.After(Healing.Stalls(samples), moment, End);

    private static IEnumerable<Sample> Well(int from, int to) => Enumerable.Range(from * 10, (to - from) * 10).Select(n => new Sample(n / 10.0, n / 10.0 + 0.2));
}
