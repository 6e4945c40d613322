using EventGrains.LoadTest.Cluster;
using EventGrains.LoadTest.Generator;

namespace EventGrains.Tests.LoadTest;

public sealed class ScenarioTests
{
    [Fact]
    public void Steady_is_the_rate_times_the_time() => Assert.Equal(250, Named(Scenario.Steady).DueBy(2.5));

    [Fact]
    public void A_burst_is_ten_times_the_rate_for_five_of_thirty_seconds()
    {
        var burst = Named(Scenario.Burst);

        Assert.Equal(1_000, burst.DueBy(10));
        Assert.Equal(6_000, burst.DueBy(15));
        Assert.Equal(7_500, burst.DueBy(30));
        Assert.Equal(15_000, burst.Events);
    }

    [Fact]
    public void A_backlog_of_a_minute_lies_there_before_the_start()
    {
        Assert.Equal(6_000, Named(Scenario.Backlog).DueBy(0));
        Assert.Equal(12_000, Named(Scenario.Backlog).Events);
    }

    [Fact]
    public void A_hot_file_is_what_three_of_ten_records_are_of()
    {
        var workload = Named(Scenario.HotFile).Workload(seed: 1);
        var ofHot = workload.Stream().Count(record => record.Life.Number == workload.Files - 1);

        Assert.Equal(workload.Events, workload.Stream().Count());
        Assert.InRange(ofHot / (double)workload.Events, 0.28, 0.32);
    }

    [Fact]
    public void A_hot_dataset_has_all_files()
    {
        var workload = Named(Scenario.HotDataset).Workload(seed: 1);

        Assert.All(Enumerable.Range(0, workload.Files), n => Assert.StartsWith("/data/exp0/", workload.Life(n).Path));
    }

    [Fact]
    public void Probes_are_files_of_their_own()
    {
        var probes = new Probes(seed: 1, max: 10, subscribers: 2);

        var records = Enumerable.Range(0, 10).Select(n => probes.Next(n)).ToList();

        Assert.Equal(10, records.Select(r => r.Life.Native).Distinct().Count());
        Assert.All(records, r => Assert.True(probes.Workload.Has(r.Life.Number) && Probes.IsProbe(FileLife.NumberOf(r.Life.Native))));
        Assert.False(probes.AreAllSeen);
        Assert.All(probes.Samples(new RunClock()), s => Assert.Equal(double.PositiveInfinity, s.Seen));
    }

    private static Scenario Named(string name) => Scenario.Named(name, rate: 100, seconds: 60);
}
