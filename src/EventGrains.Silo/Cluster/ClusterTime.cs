namespace EventGrains.Silo.Cluster;

/// <summary>The time that all silos of a cluster agree on: the database's where they share one, this machine's where a silo is alone.</summary>
/// <remarks>
/// Whatever one silo writes and another compares goes by it: when steps are due and attempts end, what a rule's hour has used, what rows
/// and transitions are dated with. Only the time of day is the cluster's; timestamps and timers are this machine's.
/// It is asked for by its name and never stands in for the machine's <see cref="TimeProvider"/>: Orleans compares with that one what
/// <see cref="SharedClock"/> has put into this machine's time, and a directory's dates are compared with the machine's, too.
/// </remarks>
/// <param name="now">The time of day.</param>
internal sealed class ClusterTime(TimeProvider machine, Func<DateTimeOffset> now) : TimeProvider
{
    /// <summary>Of a silo that is alone.</summary>
    public ClusterTime(TimeProvider machine)
        : this(machine, machine.GetUtcNow)
    {
    }

    public override TimeZoneInfo LocalTimeZone => machine.LocalTimeZone;

    public override long TimestampFrequency => machine.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => now();

    public override long GetTimestamp() => machine.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        machine.CreateTimer(callback, state, dueTime, period);
}
