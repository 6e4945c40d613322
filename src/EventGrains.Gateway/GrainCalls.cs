using EventGrains.Contracts.Shards;
using Orleans.Runtime;

namespace EventGrains.Gateway;

/// <summary>Calls that reach their grain wherever it is: while it moves, or a silo on the way has gone without a word, the same call again takes another way.</summary>
/// <remarks>
/// For calls that may be repeated: reads, and events, which a shard knows again. What a grain itself answers, a commit that failed for
/// instance, is not repeated here: the sender hears of it and decides. A repeated call takes another silo's client port, since no class
/// that is called so keeps the order of calls.
/// </remarks>
internal static class GrainCalls
{
    /// <summary>A call that went through a silo that stands still ends by nothing else: nobody tells a gateway that what it waits for will not come.</summary>
    public static readonly TimeSpan AnswerFirst = TimeSpan.FromSeconds(3);

    /// <summary>How long a read is repeated: long enough for a silo to be declared dead, short enough to say so when nobody answers at all.</summary>
    public static readonly TimeSpan ReadWithin = TimeSpan.FromSeconds(20);

    /// <summary>Where answers are slow, a call is repeated later, and at the latest then.</summary>
    public static readonly TimeSpan AnswerFirstMax = TimeSpan.FromSeconds(12);

    /// <summary>
    /// For so many tries the silo on the way may be one that is not declared dead yet, and several in a row may take the same way; after them
    /// slowness is the likelier reason, and each waits twice as long.
    /// </summary>
    private const int QuickTries = 5;

    private static readonly TimeSpan PauseFirst = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan PauseMax = TimeSpan.FromSeconds(1);

    /// <summary>Ends with the first answer to any of its tries, with what the grain threw, or when <paramref name="stop"/> is cancelled.</summary>
    /// <param name="times">How long such calls take; this one's time is noted.</param>
    public static Task<T> UntilAnswered<T>(Func<Task<T>> call, AnswerTimes times, TimeProvider time, CancellationToken stop) =>
        Repeat(() => Timed(call, times, time), times.RepeatAfter, Timeout.InfiniteTimeSpan, time, stop);

    /// <summary>The same for a read, which is given up after <see cref="ReadWithin"/>.</summary>
    /// <exception cref="TimeoutException">It was.</exception>
    public static Task<T> Read<T>(Func<Task<T>> call, TimeProvider time, CancellationToken stop) => Repeat(call, AnswerFirst, ReadWithin, time, stop);

    /// <summary>The same for a read that has all of that time for its answer, and is repeated only when a call fails.</summary>
    /// <exception cref="TimeoutException">It was.</exception>
    public static Task<T> ReadSlow<T>(Func<Task<T>> call, TimeProvider time, CancellationToken stop) => Repeat(call, ReadWithin, ReadWithin, time, stop);

    private static async Task<T> Timed<T>(Func<Task<T>> call, AnswerTimes times, TimeProvider time)
    {
        var began = time.GetTimestamp();
        var answer = await call();
        times.Note(time.GetElapsedTime(began));
        return answer;
    }

    private static async Task<T> Repeat<T>(Func<Task<T>> call, TimeSpan answer, TimeSpan within, TimeProvider time, CancellationToken stop)
    {
        var began = time.GetTimestamp();
        var pause = PauseFirst;
        var open = new List<Task<T>>(1);
        for (var tries = 1; ; tries++)
        {
            Exception failure;
            try
            {
                var asked = call();
                asked.Ignore(); // whoever does not wait for it any more need not hear how it ended
                open.Add(asked);
                return await (open.Count == 1 ? asked : await Task.WhenAny(open).WaitAsync(answer, time, stop)).WaitAsync(answer, time, stop);
            }
            catch (TimeoutException late)
            {
                failure = late;
                answer *= tries < QuickTries ? 1 : 2;
            }
            catch (Exception moved) when (moved is OrleansException or ShardFencedException)
            {
                failure = moved;
                await Task.Delay(pause, time, stop);
                pause = pause * 2 > PauseMax ? PauseMax : pause * 2;
            }

            // An answer to an earlier try counts as much; what failed is not waited for again.
            open.RemoveAll(asked => asked.IsFaulted || asked.IsCanceled);
            if (within != Timeout.InfiniteTimeSpan && time.GetElapsedTime(began) >= within)
            {
                throw new TimeoutException($"no silo answered within {within.TotalSeconds:0} s", failure);
            }
        }
    }
}
