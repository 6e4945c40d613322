using System.Diagnostics;
using EventGrains.LoadTest.Generator;

namespace EventGrains.LoadTest.Limits;

/// <summary>How fast one thread reads the records and does nothing with them.</summary>
internal static class ParseOnly
{
    /// <summary>Events per second.</summary>
    public static double Run(Corpus corpus)
    {
        var pools = new PoolNames();
        using var lines = new LineReader(corpus.Path);
        var clock = Stopwatch.StartNew();
        var events = 0;
        while (lines.TryRead(out var line))
        {
            events += BareRecord.Read(line, pools).Native is null ? 0 : 1;
        }

        return events == corpus.Workload.Events
            ? events / clock.Elapsed.TotalSeconds
            : throw new InvalidOperationException($"{events} of {corpus.Workload.Events} records named a file; the generator is broken");
    }
}
