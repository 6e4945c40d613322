using EventGrains.Contracts.Rules;
using EventGrains.Contracts.Status;
using EventGrains.Rules;

namespace EventGrains.Tests.Cluster;

/// <summary>The status is told also while somebody who knows a part of it does not answer.</summary>
public sealed class StatusTests
{
    [Fact]
    public async Task A_budget_that_does_not_answer_is_named_and_the_silo_is_ready()
    {
        var never = new TaskCompletionSource();
        var rules = new[] { "mirror", "tape" }.Select(name => new RuleDefinition(name, "1", new RuleCondition(null, null, null, null, null), [], 100));
        await using var silo = await OneSilo.Start(
            Definitions.Empty with { Rules = [.. rules] },
            more: builder => builder.AddIncomingGrainCallFilter(call =>
                call.InterfaceMethod.Name == nameof(IRuleBudgetGrain.CountLastHour) && call.TargetContext!.GrainId.Key.ToString() == "rule:tape" ? never.Task : call.Invoke()));

        var status = await silo.Grains.GetGrain<IStatusGrain>(0).Get();

        Assert.True(status.Ready);
        Assert.Equal("rule tape", Assert.Single(status.Unhealthy).What);
        Assert.Equal(["mirror", "tape"], status.Rules.Select(r => r.Name));
        never.SetResult();
    }
}
