using System.Diagnostics;

namespace EventGrains.LoadTest.Cluster;

/// <summary>When the load began.</summary>
internal sealed class RunClock
{
    private long _start = long.MaxValue;

    /// <summary>By <see cref="Stopwatch.GetTimestamp"/>.</summary>
    public long Start => Volatile.Read(ref _start);

    /// <summary>Seconds after the start; negative before.</summary>
    public double Now => Of(Stopwatch.GetTimestamp());

    public void Begin() => Volatile.Write(ref _start, Stopwatch.GetTimestamp());

    public double Of(long timestamp) => (double)(timestamp - Start) / Stopwatch.Frequency;
}
