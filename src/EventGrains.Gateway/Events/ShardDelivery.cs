using EventGrains.Contracts.Shards;
using Orleans.Runtime;

namespace EventGrains.Gateway.Events;

/// <summary>Brings a shard its events wherever it is: while it moves, or its silo has gone without a word, the same call again reaches its new place.</summary>
/// <remarks>
/// Repeating is harmless: what was applied by a call that got no answer is known, and the repeat is answered when that is durable. What the
/// shard itself answers, a commit that failed for instance, is not repeated here: the sender hears of it and decides.
/// </remarks>
internal static class ShardDelivery
{
    /// <summary>A call to a silo that was lost ends by nothing else: nobody tells a gateway that what it waits for will not come.</summary>
    private static readonly TimeSpan AnswerFirst = TimeSpan.FromSeconds(4);

    private static readonly TimeSpan PauseFirst = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan PauseMax = TimeSpan.FromSeconds(1);

    /// <summary>Ends with the answer, or when <paramref name="stop"/> is, whose time is the request's.</summary>
    public static async Task<ApplyAnswer> Apply(IFileShardGrain shard, EventBatch batch, TimeProvider time, CancellationToken stop)
    {
        var (answer, pause) = (AnswerFirst, PauseFirst);
        while (true)
        {
            try
            {
                return await shard.Apply(batch).WaitAsync(answer, time, stop);
            }
            catch (TimeoutException)
            {
                // It may only be slow: twice as long the next time, so that calls do not pile up.
                answer *= 2;
            }
            catch (Exception moved) when (moved is OrleansException or ShardFencedException)
            {
                await Task.Delay(pause, time, stop);
                pause = pause * 2 > PauseMax ? PauseMax : pause * 2;
            }
        }
    }
}
