using EventGrains.LoadTest.Oracle;
using EventGrains.LoadTest.Verbs;

namespace EventGrains.Tests.LoadTest;

/// <summary>What `growth` measures is silos that have started.</summary>
public sealed class GrowthTests
{
    [Theory]
    [InlineData(100_000, 0)]
    [InlineData(99_999, 1)]
    public void A_silo_that_is_not_warm_when_it_is_measured_is_a_finding(int taken, int findings)
    {
        var verdict = new Verdict();

        Growth.CompareWarmUp([200_000, taken], verdict);

        Assert.Equal(findings, verdict.Others);
    }
}
