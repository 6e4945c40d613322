using EventGrains.LoadTest.Generator;
using EventGrains.LoadTest.Oracle;

namespace EventGrains.Tests.LoadTest;

public sealed class ExaminationTests
{
    private readonly Workload _workload = Workload.OfEvents(seed: 3, LifeMix.Full, 500);
    private readonly Verdict _verdict = new();

    [Fact]
    public void A_product_that_knows_the_truth_passes()
    {
        Examine(answer => answer);

        Assert.True(_verdict.IsGood, string.Join('\n', _verdict.Examples));
    }

    [Fact]
    public void A_file_that_is_not_listed_is_a_lost_event()
    {
        Examine(answer => answer.Existence == "deleted" ? null : answer);

        Assert.True(_verdict.Lost > 0);
    }

    [Fact]
    public void A_missing_replica_is_a_lost_event_and_a_wrong_state()
    {
        Examine(answer => answer with { Replicas = [.. answer.Replicas.Skip(1)] });

        Assert.True(_verdict.Lost > 0);
        Assert.Equal(_verdict.Lost, _verdict.WrongStates);
    }

    [Theory]
    [InlineData("status")]
    [InlineData("size")]
    [InlineData("path")]
    [InlineData("locality")]
    public void A_facet_that_differs_is_a_wrong_state(string facet)
    {
        Examine(answer => facet switch
        {
            "status" => answer with { Status = "uploading" },
            "size" => answer with { Size = 1 },
            "path" => answer with { Path = null },
            _ => answer with { Locality = "staging" },
        });

        Assert.True(_verdict.WrongStates > 0);
    }

    [Fact]
    public void A_file_that_nobody_named_is_a_wrong_state()
    {
        var examination = new Examination(_workload, _verdict);

        examination.Compare(Answer(_workload.Life(0)) with { Id = "dcache:000000000000000000000000000000000000" });

        Assert.Equal(1, _verdict.WrongStates);
    }

    [Theory]
    [InlineData(new[] { 1, 2, 3 }, 3, 0)]
    [InlineData(new[] { 1, 2, 2, 3 }, 3, 1)]
    [InlineData(new[] { 1, 3 }, 3, 1)]
    [InlineData(new[] { 2, 3 }, 3, 1)]
    [InlineData(new[] { 1, 2 }, 3, 1)]
    [InlineData(new int[0], 1, 1)]
    public void Versions_that_repeat_or_leave_one_out_are_found(int[] versions, int last, int expected)
    {
        var ledger = new TransitionLedger("sse", fromFirst: true, _verdict);

        foreach (var version in versions)
        {
            ledger.Add("f", version);
        }

        ledger.CompareEnd("f", last);

        Assert.Equal(expected, _verdict.Repeated);
    }

    private void Examine(Func<FileAnswer, FileAnswer?> distort)
    {
        var examination = new Examination(_workload, _verdict);
        for (var number = 0; number < _workload.Files; number++)
        {
            if (FileTruth.Of(_workload.Life(number)) is not null && distort(Answer(_workload.Life(number))) is { } answer)
            {
                examination.Compare(answer);
            }
        }

        examination.Conclude();
    }

    private static FileAnswer Answer(FileLife life)
    {
        var truth = FileTruth.Of(life)!;
        return new FileAnswer(
            $"dcache:{life.Native}", "dcache", truth.Path, truth.Status, truth.Existence, truth.Locality, truth.Size,
            [.. truth.Replicas.Select(r => new ReplicaAnswer("dcache", r.Key, r.Value))], truth.TapeCopy is null ? null : [truth.TapeCopy], [], 1);
    }
}
