namespace EventGrains.Contracts.Rules;

/// <summary>Keeps one rule within its files per hour, over all silos. Keyed <c>rule:NAME</c>.</summary>
[Alias("EventGrains.IRuleBudgetGrain"), Version(1)]
public interface IRuleBudgetGrain : IGrainWithStringKey
{
    /// <summary>Grants up to <paramref name="files"/> first attempts, stored before they may be used: a lease lost in a crash counts as used.</summary>
    [Alias("Take")]
    Task<BudgetLease> Take(int files, int filesPerHourMax);

    /// <summary>How many were granted within the last hour.</summary>
    [Alias("CountLastHour")]
    Task<long> CountLastHour();
}

/// <param name="HeldUntil">When nothing was granted: the time before which asking again is of no use.</param>
[GenerateSerializer, Immutable, Alias("EventGrains.BudgetLease")]
public sealed record BudgetLease([property: Id(0)] int Granted, [property: Id(1)] DateTime HeldUntil);
