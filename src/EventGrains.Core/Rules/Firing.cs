using EventGrains.Files;

namespace EventGrains.Rules;

/// <summary>Which rules fire at a change: those whose condition holds now and did not hold before, once per incarnation and generation.</summary>
/// <remarks>A rule that is declared later therefore does not touch files for which it held already.</remarks>
internal static class Firing
{
    public static List<RuleDefinition>? Of(FileState before, in FileSummary was, FileState after, in FileSummary now, Rulebook rules)
    {
        List<RuleDefinition>? fired = null;
        var isNewLife = before.Version == 0 || before.Facts.Incarnation != after.Facts.Incarnation;
        foreach (var rule in rules.Rules)
        {
            if (Holds(rule.When, after, now) && (isNewLife || !Holds(rule.When, before, was)) && !HasFired(rule, after))
            {
                (fired ??= []).Add(rule);
            }
        }

        return fired;
    }

    /// <summary>Whether all parts of a condition hold. Cheap parts first: most files meet no rule.</summary>
    public static bool Holds(RuleCondition when, FileState state, in FileSummary summary)
    {
        if (when.Kind is { } kind && !Is(kind, state, summary))
        {
            return false;
        }

        if (when.Storage is { } storage && storage != state.Id.Storage)
        {
            return false;
        }

        if (when.SizeMin is { } min && !(state.Facts.Size.Bytes >= min))
        {
            return false;
        }

        if (when.SizeMax is { } max && !(state.Facts.Size.Bytes <= max))
        {
            return false;
        }

        if (when.Path is { } path && !(state.Facts.Path.Value is { } at && path.IsMatch(at)))
        {
            return false;
        }

        return when.Dataset is not { } dataset || state.Datasets.Any(dataset.IsMatch);
    }

    /// <summary>The kinds that name something which can hold of a file; the others only ever happen, and a rule cannot wait for them.</summary>
    private static bool Is(TransitionKind kind, FileState state, in FileSummary summary) => kind switch
    {
        TransitionKind.Located => state.Facts.Path.Value is not null,
        TransitionKind.Uploading => summary.Existence == Existence.Uploading,
        TransitionKind.Stored => summary.Existence == Existence.Stored,
        TransitionKind.Deleted => summary.Existence == Existence.Deleted,
        TransitionKind.Flushed => summary.IsOnTape,
        TransitionKind.Staged => summary.IsStaged,
        TransitionKind.Evicted => summary.Locality == Locality.Tape,
        TransitionKind.Replicated => summary.IsReplicated,
        TransitionKind.Processed => summary.IsProcessed,
        TransitionKind.Lost => summary.IsLost,
        TransitionKind.ReplicaCorrupt => summary.HasCorruptReplica,
        _ => false,
    };

    private static bool HasFired(RuleDefinition rule, FileState state)
    {
        foreach (var step in state.Steps)
        {
            if (step.Key.Incarnation == state.Facts.Incarnation && step.Key.RuleGeneration == rule.Generation && step.Key.Rule == rule.Name)
            {
                return true;
            }
        }

        return false;
    }
}
