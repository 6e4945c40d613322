using System.Collections.Immutable;
using EventGrains.Rules;

namespace EventGrains.Files;

/// <summary>How steps of rules open, wait, run and end. The owning shard serialises these; each is idempotent by key and attempt number.</summary>
public static class Steps
{
    /// <summary>How many steps a file's row keeps; of more, the oldest that have ended go (their transitions stay in the history).</summary>
    public const int StepsMax = 128;

    /// <summary>After a change of facts: a newer content supersedes what still waits for the old one, and a deleted file cancels it.</summary>
    internal static FileState AfterFacts(FileState before, FileState after, DateTime now)
    {
        if (after.Steps.IsEmpty)
        {
            return after;
        }

        var isDeleted = FileSummary.Of(after).Existence == Existence.Deleted && FileSummary.Of(before).Existence != Existence.Deleted;
        if (!isDeleted && before.Facts.Incarnation == after.Facts.Incarnation)
        {
            return after;
        }

        var steps = after.Steps.ToBuilder();
        for (var i = 0; i < steps.Count; i++)
        {
            var step = steps[i];
            var isOld = step.Key.Incarnation != after.Facts.Incarnation;
            if (step.State == StepState.Waiting && (isOld || isDeleted))
            {
                steps[i] = step with
                {
                    State = isOld ? StepState.Superseded : StepState.Cancelled,
                    At = now,
                    Error = isOld ? "the file was written again" : "the file was deleted",
                };
            }
        }

        return after with { Steps = steps.DrainToImmutable() };
    }

    /// <summary>Opens all steps of rules that fired: the first of each is due now, the others after the one before.</summary>
    internal static FileState Open(FileState state, List<RuleDefinition>? fired, DateTime now)
    {
        if (fired is null)
        {
            return state;
        }

        var steps = state.Steps.ToBuilder();
        foreach (var rule in fired)
        {
            for (var i = 0; i < rule.Do.Length; i++)
            {
                steps.Add(new Step
                {
                    Key = new StepKey(rule.Name, rule.Generation, i, state.Facts.Incarnation),
                    Action = rule.Do[i].Action,
                    Target = rule.Do[i].Target,
                    State = StepState.Waiting,
                    DueAt = i == 0 ? now : Step.AfterThePrevious,
                    At = now,
                });
            }
        }

        for (var i = 0; steps.Count > StepsMax && i < steps.Count;)
        {
            if (steps[i].State is StepState.Waiting or StepState.Running)
            {
                i++;
            }
            else
            {
                steps.RemoveAt(i);
            }
        }

        return state with { Steps = steps.DrainToImmutable() };
    }

    /// <summary>Gives the next attempt of a step; null when there is none to give now.</summary>
    /// <remarks>
    /// A running attempt keeps the step until its deadline; after that it counts as timed out, and the last one allowed fails the step. The
    /// decision may therefore end the step instead of giving an attempt: look at its state.
    /// </remarks>
    public static Decision? Claim(FileState before, StepKey key, StepPolicy policy, Rulebook rules, DateTime now)
    {
        var index = IndexOf(before, key);
        if (index < 0 || before.Steps[index] is not { State: StepState.Waiting or StepState.Running } step || step.DueAt > now)
        {
            return null;
        }

        if (Ended(before, step, now) is { } ended)
        {
            return Replace(before, index, ended, rules, now);
        }

        var isSpent = step.State == StepState.Running && step.Attempts - step.AttemptsForgiven >= policy.AttemptsMax;
        var next = isSpent
            ? step with { State = StepState.Failed, At = now, Error = $"attempt {step.Attempts} ended without a word before its deadline; see step retry" }
            : step with { State = StepState.Running, Attempts = step.Attempts + 1, At = now, DueAt = now + policy.ClaimLength };
        return Replace(before, index, next, rules, now);
    }

    /// <summary>Moves a running attempt's deadline on, in silence; null when it is not the newest, or has passed.</summary>
    public static FileState? Extend(FileState before, StepKey key, int attempt, StepPolicy policy, DateTime now)
    {
        var index = IndexOf(before, key);
        return index >= 0 && before.Steps[index] is { State: StepState.Running } step && step.Attempts == attempt && step.DueAt > now
            ? before with { Steps = before.Steps.SetItem(index, step with { DueAt = now + policy.ClaimLength }) }
            : null;
    }

    /// <summary>Takes an attempt's end once; null when it is not the newest attempt, or was taken already.</summary>
    /// <param name="isPutOff">It is not done because it must wait for another's, or for a silo: it does not count against the bound, only for the back-off.</param>
    /// <param name="says">Facts that the attempt made true.</param>
    public static Decision? Conclude(
        FileState before, StepKey key, int attempt, bool isDone, string? error, bool isFinal, bool isPutOff, FileFacts? says, StepPolicy policy, Rulebook rules, DateTime now)
    {
        var index = IndexOf(before, key);
        if (index < 0 || before.Steps[index] is not { State: StepState.Running } step || step.Attempts != attempt)
        {
            return null;
        }

        var after = says is null ? before : Decision.Join(before, says, rules, now) ?? before;
        var isObsolete = key.Incarnation != after.Facts.Incarnation;
        var next = isDone
            ? step with { State = StepState.Done, At = now, DueAt = default, Error = null }
            : isObsolete
                ? step with { State = StepState.Superseded, At = now, DueAt = default, Error = error }
                : isPutOff
                    ? PutOff(after, step, error, policy, now)
                : isFinal || step.Attempts - step.AttemptsForgiven >= policy.AttemptsMax
                    ? step with { State = StepState.Failed, At = now, DueAt = default, Error = error }
                    : step with { State = StepState.Waiting, At = now, DueAt = now + policy.BackOff(before.Id, step.Attempts - step.AttemptsForgiven), Error = error };
        var steps = after.Steps.SetItem(index, next);
        if (isDone && index + 1 < steps.Length && steps[index + 1] is { State: StepState.Waiting } following
            && following.Key == key with { Index = key.Index + 1 })
        {
            steps = steps.SetItem(index + 1, following with { DueAt = now });
        }

        return Decision.Conclude(before, after with { Steps = steps }, Caused(next), rules, now, next);
    }

    /// <summary>Puts failed steps of this content back to waiting with a fresh count of attempts; null when there is none.</summary>
    public static Decision? Retry(FileState before, string? rule, Rulebook rules, DateTime now)
    {
        var steps = before.Steps.ToBuilder();
        Step? retried = null;
        for (var i = 0; i < steps.Count; i++)
        {
            if (steps[i].State == StepState.Failed && steps[i].Key.Incarnation == before.Facts.Incarnation && (rule ?? steps[i].Key.Rule) == steps[i].Key.Rule)
            {
                retried = steps[i] = steps[i] with { State = StepState.Waiting, AttemptsForgiven = steps[i].Attempts, DueAt = now, At = now, Error = null };
            }
        }

        return retried is null ? null : Decision.Conclude(before, before with { Steps = steps.DrainToImmutable() }, Caused(retried), rules, now, retried);
    }

    /// <summary>An attempt that died with an older content, or whose file was deleted while it ran, is not followed by another.</summary>
    private static Step? Ended(FileState state, Step step, DateTime now) => step.State != StepState.Running
        ? null
        : step.Key.Incarnation != state.Facts.Incarnation
            ? step with { State = StepState.Superseded, At = now, DueAt = default, Error = "the file was written again" }
            : FileSummary.Of(state).Existence == Existence.Deleted
                ? step with { State = StepState.Cancelled, At = now, DueAt = default, Error = "the file was deleted" }
                : null;

    private static Step PutOff(FileState state, Step step, string? error, StepPolicy policy, DateTime now) => Ended(state, step, now) ?? step with
    {
        State = StepState.Waiting,
        At = now,
        DueAt = now + policy.BackOff(state.Id, step.Attempts),
        AttemptsForgiven = step.AttemptsForgiven + 1,
        Error = error,
    };

    private static Decision Replace(FileState before, int index, Step next, Rulebook rules, DateTime now) =>
        Decision.Conclude(before, before with { Steps = before.Steps.SetItem(index, next) }, Caused(next), rules, now, next);

    private static Cause Caused(Step step) => new(Cause.Ourselves, null, null, step.Action);

    private static int IndexOf(FileState state, StepKey key)
    {
        for (var i = 0; i < state.Steps.Length; i++)
        {
            if (state.Steps[i].Key == key)
            {
                return i;
            }
        }

        return -1;
    }
}

/// <summary>How attempts are bounded.</summary>
/// <param name="AttemptsMax">At so many failed attempts the step fails, until <c>step retry</c>.</param>
/// <param name="ClaimLength">How long a claim holds without being extended; so long a step rests after its executor died.</param>
/// <param name="BackOffFirst">The wait after the first failure; it doubles with each, up to <paramref name="BackOffMax"/>.</param>
public sealed record StepPolicy(int AttemptsMax, TimeSpan ClaimLength, TimeSpan BackOffFirst, TimeSpan BackOffMax)
{
    /// <summary>Doubling, with a jitter of up to half taken from the file's id: many files that fail together do not come back together.</summary>
    public TimeSpan BackOff(FileId file, int attempt)
    {
        var full = Math.Min(BackOffMax.Ticks, BackOffFirst.Ticks * Math.Pow(2, Math.Min(attempt - 1, 30)));
        var jitter = ((file.Hash() + (ulong)attempt * 0x9E3779B97F4A7C15UL) >> 11) / (double)(1UL << 53);
        return TimeSpan.FromTicks((long)(full * (0.5 + jitter / 2)));
    }
}
