using EventGrains.Rules;

namespace EventGrains.Tests.Rules;

public sealed class RulebookTests
{
    [Fact]
    public void A_file_belongs_to_every_dataset_whose_path_matches_once_and_in_order()
    {
        var rulebook = Of(
            new DatasetDefinition("run-{run}", new PathPattern("/runs/{run}/**")),
            new DatasetDefinition("all", new PathPattern("/**")),
            new DatasetDefinition("run-{n}", new PathPattern("/runs/{n}/*.h5")),
            new DatasetDefinition("elsewhere", new PathPattern("/x/**")));

        Assert.Equal(["all", "run-7"], rulebook.DatasetsOf("s", "/runs/7/a.h5"));
        Assert.Equal(["all"], rulebook.DatasetsOf("s", "/other"));
    }

    [Fact]
    public void A_dataset_of_one_storage_takes_no_file_of_another()
    {
        var rulebook = Of(new DatasetDefinition("a", new PathPattern("/**"), "inbox"));

        Assert.Equal(["a"], rulebook.DatasetsOf("inbox", "/x"));
        Assert.Empty(rulebook.DatasetsOf("other", "/x"));
        Assert.Empty(rulebook.DatasetsOf(storage: null, "/x"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Of_too_many_datasets_the_greatest_stay_in_whatever_order_they_were_declared(bool reversed)
    {
        var names = Enumerable.Range(0, Rulebook.DatasetsPerFileMax + 4).Select(i => $"d{i:00}").ToList();
        var declared = reversed ? names.AsEnumerable().Reverse() : names;

        var datasets = Of([.. declared.Select(n => new DatasetDefinition(n, new PathPattern("/**")))]).DatasetsOf("s", "/x");

        Assert.Equal(names[4..], datasets);
    }

    [Fact]
    public void A_file_of_no_dataset_costs_no_allocation()
    {
        var rulebook = Of([.. Enumerable.Range(0, 10).Select(i => new DatasetDefinition($"d{i}-{{run}}", new PathPattern($"/data/{i}/{{run}}/**")))]);
        Assert.Empty(rulebook.DatasetsOf("s", "/other/1/x"));
        var before = GC.GetAllocatedBytesForCurrentThread();

        for (var i = 0; i < 100; i++)
        {
            rulebook.DatasetsOf("s", "/data/11/x");
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static Rulebook Of(params DatasetDefinition[] datasets) => new(new Definitions { Datasets = [.. datasets] });
}
