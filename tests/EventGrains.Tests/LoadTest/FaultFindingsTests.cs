using EventGrains.LoadTest.Cluster;
using EventGrains.LoadTest.Oracle;

namespace EventGrains.Tests.LoadTest;

/// <summary>A run whose faults were not done, or did not heal, is no good run.</summary>
public sealed class FaultFindingsTests
{
    private const int HealsWithin = 15;

    private readonly Verdict _verdict = new();

    [Theory]
    [InlineData(8, 0)]
    [InlineData(7, 0)]
    [InlineData(6, 1)]
    [InlineData(0, 1)]
    public void All_planned_faults_were_done_but_for_one(int done, int findings)
    {
        var faults = Enumerable.Range(1, done).Select(n => Done(n * 20)).ToList();

        Find([.. faults, .. faults.Select(f => f with { IsReturn = true })], []);

        Assert.Equal(findings, _verdict.Others);
    }

    [Fact]
    public void A_silo_frozen_amid_a_commit_was_in_one()
    {
        var all = Enumerable.Range(1, 8).Select(n => Done(n * 20) with { Kind = FaultKind.FreezeInCommit, Note = "it did not commit" }).ToList();
        Find(all, []);
        Assert.True(_verdict.IsGood);

        Find([.. all.Skip(1), all[0] with { IsMissed = true }], []);
        Assert.Equal("FreezeInCommit silo-0 at 20.0 s did not come at its moment: it did not commit", Assert.Single(_verdict.Examples));
    }

    [Theory]
    [InlineData(15.0, 15, 0)]
    [InlineData(15.1, 0, 1)]
    [InlineData(null, 0, 1)]
    [InlineData(1.0, 15.1, 1)]
    public void Nobody_waits_for_longer_than_a_fault_may_take_to_heal_nor_when_it_has_healed(double? healedAfter, double laterStall, int findings)
    {
        Find([.. Enumerable.Range(1, 8).Select(n => Done(n * 20))], [new FaultOutcome("KillSilo, back", "silo-0", 20, 20, healedAfter, 0, 0, 0, laterStall, 0, "")]);

        Assert.Equal(findings, _verdict.Others);
    }

    private static FaultDone Done(int at) => new(FaultKind.KillSilo, "silo-0", at, at, "");

    private void Find(IReadOnlyList<FaultDone> done, IReadOnlyList<FaultOutcome> outcomes) =>
        FaultFindings.Add([.. Enumerable.Range(1, 8).Select(n => new PlannedFault(n * 20, FaultKind.KillSilo, 0))], done, outcomes, HealsWithin, _verdict);
}
