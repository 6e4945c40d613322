using System.Diagnostics;

namespace EventGrains.LoadTest.Product;

/// <summary>Waits for what the product must reach by itself, with a limit, so that a run that hangs ends with the reason.</summary>
internal static class Settling
{
    public static readonly TimeSpan IntakeWithin = TimeSpan.FromMinutes(10);
    public static readonly TimeSpan StepsWithin = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(25);

    /// <summary>Rarer: a list by the state of steps may look at every file.</summary>
    private static readonly TimeSpan LookForStepsEvery = TimeSpan.FromMilliseconds(250);

    /// <summary>Until all bytes of the log files are durable: <c>lagBytes</c> 0 and positions that sum up to what was written.</summary>
    public static Task LogRead(ServerClient client, string source, Func<IReadOnlyList<PartitionAnswer>, bool> isRead, CancellationToken ct) =>
        Until($"source {source} to be read to its end", IntakeWithin, async () => isRead(await client.Partitions(source, ct)), ct);

    /// <summary>Until no step waits or runs.</summary>
    public static Task StepsEnded(ServerClient client, CancellationToken ct) =>
        Until(
            "all steps to end",
            StepsWithin,
            async () => !await client.Steps("waiting", ct).AnyAsync(ct) && !await client.Steps("running", ct).AnyAsync(ct),
            ct,
            LookForStepsEvery);

    /// <summary>The same, when others have come to rest or have not in their time.</summary>
    public static async Task StepsEndedAfter(IEnumerable<Task> others, ServerClient client, CancellationToken ct)
    {
        await Task.WhenAll(others).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await StepsEnded(client, ct);
    }

    /// <summary>Until it holds or the time is over; whoever asks looks again and says what is missing.</summary>
    public static async Task Sometime(TimeSpan within, Func<bool> holds, CancellationToken ct, TimeSpan? every = null)
    {
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < within && !holds();)
        {
            await Task.Delay(every ?? LookEvery, ct);
        }
    }

    public static async Task Until(string what, TimeSpan within, Func<Task<bool>> holds, CancellationToken ct, TimeSpan? every = null)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                if (await holds())
                {
                    return;
                }
            }
            catch (Exception e) when (ServerClient.IsAway(e, ct))
            {
            }

            if (clock.Elapsed > within)
            {
                throw new ProductException($"waited {within.TotalMinutes:0.#} min for {what}; it did not happen");
            }

            await Task.Delay(every ?? LookEvery, ct);
        }
    }
}
