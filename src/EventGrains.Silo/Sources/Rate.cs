namespace EventGrains.Silo.Sources;

/// <summary>How many per second, over about the last ten seconds. Told a growing count now and then.</summary>
internal sealed class Rate(TimeProvider time)
{
    private static readonly TimeSpan Memory = TimeSpan.FromSeconds(10);
    private long lastCount;
    private long lastAt = time.GetTimestamp();

    public double PerSecond { get; private set; }

    public void Tell(long count)
    {
        var elapsed = time.GetElapsedTime(lastAt);
        if (elapsed < TimeSpan.FromMilliseconds(500))
        {
            return;
        }

        var now = (count - lastCount) / elapsed.TotalSeconds;
        var weight = 1 - Math.Exp(-elapsed / Memory);
        PerSecond = Math.Round(PerSecond + weight * (now - PerSecond), 1);
        (lastCount, lastAt) = (count, time.GetTimestamp());
    }
}
