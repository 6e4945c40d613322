using System.Diagnostics;

namespace EventGrains.LoadTest.Cluster;

/// <summary>Counts what happens, second by second after the start; what comes later than the last is counted there.</summary>
internal sealed class PerSecond(RunClock clock, int seconds)
{
    private readonly long[] _counts = new long[seconds + 1];

    public long Total => _counts.Sum();

    public long this[int second] => Volatile.Read(ref _counts[second]);

    public void Add(long count) => Add(count, Stopwatch.GetTimestamp());

    public void Add(long count, long at) =>
        Interlocked.Add(ref _counts[(int)Math.Clamp(clock.Of(at), 0, _counts.Length - 1)], count);
}
