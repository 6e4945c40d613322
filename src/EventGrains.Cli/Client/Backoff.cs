namespace EventGrains.Cli.Client;

/// <summary>How long to wait before the next attempt: doubling from <paramref name="first"/> to <paramref name="max"/>, half of it by chance.</summary>
/// <remarks>By chance, so that many clients that lost one server do not come back together.</remarks>
internal sealed class Backoff(TimeSpan first, TimeSpan max, Random? random = null)
{
    private readonly Random random = random ?? Random.Shared;
    private int failures;

    public TimeSpan Next()
    {
        var whole = Math.Min(first.TotalMilliseconds * Math.Pow(2, Math.Min(failures++, 30)), max.TotalMilliseconds);
        return TimeSpan.FromMilliseconds((whole / 2) + (random.NextDouble() * whole / 2));
    }

    public void Reset() => failures = 0;
}
