namespace EventGrains.LoadTest.Cluster;

/// <summary>What was done, in seconds after the start of the load; or that what it took away is back.</summary>
/// <param name="HealFrom">From when healing counts: the start, or the end of the outage where nobody can serve meanwhile; of a silo more, when it serves.</param>
internal sealed record FaultDone(FaultKind Kind, string Target, double StartedAt, double HealFrom, string Note)
{
    /// <summary>Calm before it is no sign of health: one that leaves has not left, one that came has not got its share.</summary>
    public double CalmFrom { get; init; } = HealFrom;

    /// <summary>Not the fault, but the moment from which its target serves again.</summary>
    public bool IsReturn { get; init; }

    /// <summary>It was done, but not at the moment that it is for.</summary>
    public bool IsMissed { get; init; }

    public string Name => IsReturn ? $"{Kind}, back" : $"{Kind}";

    /// <summary>Until it is over somebody cannot be served, whoever serves the others.</summary>
    public bool IsOutage => Kind is FaultKind.StopPostgres or FaultKind.CrashPostgres or FaultKind.CutLink or FaultKind.SlowLink;

    /// <summary>An operator does it any day, and no client should notice.</summary>
    public bool IsGraceful => Kind is FaultKind.AddSilo or FaultKind.RemoveSilo or FaultKind.StopSilo;
}
