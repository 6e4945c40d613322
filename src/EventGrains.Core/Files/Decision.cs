using EventGrains.Events;
using EventGrains.Rules;

namespace EventGrains.Files;

/// <summary>What follows from one event or one step's turn: the next state, and the transition to tell, if there is anything to tell.</summary>
/// <param name="Transition">Null when nothing visible changed; the row is then kept without a word.</param>
public sealed record Decision(FileState After, Transition? Transition)
{
    /// <summary>Applies an event: joins its facts, opens the steps of rules that now hold. Null when the state already held all it says.</summary>
    /// <remarks>Pure. Any order and any number of the same events give the same facts, and a repeated one gives null or silence.</remarks>
    public static Decision? Of(FileState before, StorageEvent @event, in Cause cause, Rulebook rules, DateTime now) =>
        Join(before, @event.Says, rules, now) is { } after ? Conclude(before, after, cause, rules, now, step: null) : null;

    /// <summary>The state with more facts, its datasets brought up to date, waiting steps of an older or a deleted content ended; null when they add nothing.</summary>
    internal static FileState? Join(FileState before, FileFacts says, Rulebook rules, DateTime now)
    {
        var facts = FileFacts.Join(before.Facts, says);
        if (ReferenceEquals(facts, before.Facts))
        {
            return null;
        }

        var after = before with { Facts = facts };
        if (facts.Path.Value is { } path && path != before.Facts.Path.Value)
        {
            after = after with { Datasets = rules.DatasetsOf(after.Id.Storage, path) };
        }

        return Steps.AfterFacts(before, after, now);
    }

    /// <summary>Opens what rules ask for, and words the difference as one transition.</summary>
    internal static Decision Conclude(FileState before, FileState after, in Cause cause, Rulebook rules, DateTime now, Step? step)
    {
        var was = FileSummary.Of(before);
        after = Steps.Open(after, Firing.Of(before, was, after, FileSummary.Of(after), rules), now);
        var summary = FileSummary.Of(after);
        var changes = Changes.Between(before, was, after, summary);
        if (changes.IsEmpty)
        {
            return new Decision(after, null);
        }

        after = after with { Version = before.Version + 1, UpdatedAt = now };
        return new Decision(after, new Transition
        {
            Id = after.Id,
            Path = after.Facts.Path.Value,
            Version = after.Version,
            // Changes come in the enum's order, the most telling last: of size known, located, replica added and stored it is stored.
            Kind = changes[^1],
            Changes = changes,
            Status = summary.Status,
            Existence = summary.Existence,
            Locality = summary.Locality,
            Size = after.Facts.Size.Bytes,
            At = now,
            Cause = cause,
            Rule = step?.Key.Rule,
            Step = step?.Action,
            StepState = step?.State,
            Datasets = after.Datasets,
        });
    }
}
