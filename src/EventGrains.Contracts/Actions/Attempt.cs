using EventGrains.Contracts.Files;

namespace EventGrains.Contracts.Actions;

/// <summary>Runs one attempt of a step outside the grain's turn: keeps its claim alive, and reports its end once.</summary>
public static class Attempt
{
    /// <summary>Begins <paramref name="work"/> and returns at once.</summary>
    /// <remarks>
    /// Every third of the claim's length the claim is extended; when that is refused, or the deadline passes without an answer, the
    /// work's token is cancelled and nothing is reported: another attempt may already run. An exception of the work is reported as a
    /// failure, to be tried again. How long the claim holds is counted by the timestamps of <paramref name="time"/>, never by the time of day.
    /// </remarks>
    public static void Begin(IFileGrain file, StepClaim claim, TimeProvider time, Func<CancellationToken, Task<StepOutcome>> work)
    {
        var given = time.GetTimestamp();
        _ = Task.Run(() => Run(file, claim, given, time, work));
    }

    private static async Task Run(IFileGrain file, StepClaim claim, long given, TimeProvider time, Func<CancellationToken, Task<StepOutcome>> work)
    {
        using var span = Telemetry.Activities.StartActivity("step");
        span?.SetTag("action", claim.Action).SetTag("rule", claim.Step.Rule).SetTag("file", claim.File.ToString()).SetTag("attempt", claim.Attempt);
        using var ended = new CancellationTokenSource();
        using var lost = new CancellationTokenSource();
        var keeping = Keep(file, claim, given, time, lost, ended.Token);
        StepOutcome outcome;
        try
        {
            outcome = await work(lost.Token);
        }
        catch (Exception failure)
        {
            outcome = new StepOutcome(false, failure.Message);
        }

        span?.SetTag("done", outcome.Done);
        await ended.CancelAsync();
        await keeping;
        if (!lost.IsCancellationRequested)
        {
            await Report(file, claim, time, outcome);
        }
    }

    private static async Task Keep(IFileGrain file, StepClaim claim, long given, TimeProvider time, CancellationTokenSource lost, CancellationToken ended)
    {
        try
        {
            while (!ended.IsCancellationRequested)
            {
                var left = Left(claim, given, time);
                if (left <= TimeSpan.Zero)
                {
                    await lost.CancelAsync();
                    return;
                }

                await Task.Delay(left / 3, time, ended);
                var asked = time.GetTimestamp();
                try
                {
                    if (await file.Extend(claim) is not { } extended)
                    {
                        await lost.CancelAsync();
                        return;
                    }

                    (claim, given) = (extended, asked);
                }
                catch (Exception)
                {
                    // The shard or the store may be away for a while; the deadline decides, not one call.
                }
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    // A claim of an older release does not say how long it holds: there its silo's clock must agree with ours.
    private static TimeSpan Left(StepClaim claim, long given, TimeProvider time) =>
        claim.Left is { } left ? left - time.GetElapsedTime(given) : claim.Deadline - time.GetUtcNow().UtcDateTime;

    // The report is what makes the work count, so it outlives a store that is away; the shard refuses it if it comes too late.
    private static async Task Report(IFileGrain file, StepClaim claim, TimeProvider time, StepOutcome outcome)
    {
        for (var attempt = 1; attempt <= ReportsMax; attempt++)
        {
            try
            {
                await file.Conclude(claim, outcome);
                return;
            }
            catch (Exception) when (attempt < ReportsMax)
            {
                await Task.Delay(TimeSpan.FromSeconds(Math.Min(attempt, 10)), time);
            }
            catch (Exception)
            {
                // Given up: the claim's deadline passes, and the next attempt finds what this one left.
                return;
            }
        }
    }

    /// <summary>How often a result is offered before it is given up; the step is then tried again after its deadline.</summary>
    private const int ReportsMax = 10;
}
