using EventGrains.LoadTest.Cluster;

namespace EventGrains.Tests.LoadTest;

public sealed class FaultScheduleTests
{
    private const int Seconds = 600;

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 20)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void A_seed_gives_the_same_faults_again(int seed)
    {
        Assert.Equal(Plan(seed), Plan(seed));
        Assert.NotEqual(Plan(seed), Plan(seed + 1));
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Two_silos_are_always_left_to_serve(int seed)
    {
        foreach (var silos in (int[])[2, 3, 4, 5])
        {
            var plan = Plan(seed, silos);

            Assert.All(Enumerable.Range(0, Seconds), second => Assert.True(
                FaultSchedule.Serving(plan, second, silos) >= FaultSchedule.ServingMin, $"seed {seed}, {silos} silos, second {second}: {string.Join('\n', plan)}"));
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Every_twenty_seconds_there_is_a_fault_and_the_last_has_time_to_heal(int seed) =>
        Assert.Equal(Enumerable.Range(1, Seconds / 20 - 1).Select(n => n * 20), Plan(seed).Select(f => f.At));

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Every_kind_comes_before_long(int seed) =>
        Assert.Equal(Enum.GetValues<FaultKind>(), Plan(seed).Select(f => f.Kind).Distinct().Order());

    [Theory]
    [MemberData(nameof(Seeds))]
    public void A_silo_is_added_before_it_is_removed_and_never_two(int seed)
    {
        var extra = Plan(seed).Select(f => f.Kind).Where(k => k is FaultKind.AddSilo or FaultKind.RemoveSilo).ToList();

        Assert.All(extra.Index(), e => Assert.Equal(e.Index % 2 == 0 ? FaultKind.AddSilo : FaultKind.RemoveSilo, e.Item));
    }

    [Fact]
    public void A_postgres_that_is_not_ours_is_left_alone_and_so_is_the_only_gateway() =>
        Assert.DoesNotContain(
            FaultSchedule.Plan(1, Seconds, 3, gateways: 1, withPostgres: false),
            f => f.Kind is FaultKind.StopPostgres or FaultKind.CrashPostgres or FaultKind.KillGateway);

    private static IReadOnlyList<PlannedFault> Plan(int seed, int silos = 3) => FaultSchedule.Plan(seed, Seconds, silos, gateways: 2, withPostgres: true);
}
