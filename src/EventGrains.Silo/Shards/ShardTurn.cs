using System.Collections.Immutable;
using EventGrains.Files;
using EventGrains.Silo.Store;
using EventGrains.Silo.Store.Rows;

namespace EventGrains.Silo.Shards;

/// <summary>Gathers what one turn of a shard decides, and words it as one change set. Pure but for the memory's entries.</summary>
internal sealed class ShardTurn(long number)
{
    private readonly List<Touched> _touched = [];
    private readonly List<Transition> _transitions = [];

    /// <summary>Takes a decision over an entry: the memory has it at once, the store with this turn's change set.</summary>
    public void Take(ShardMemory.Entry entry, FileState after, Transition? transition)
    {
        if (entry.TouchedBy == number)
        {
            _touched[entry.Place] = _touched[entry.Place] with { After = after };
        }
        else
        {
            (entry.TouchedBy, entry.Place) = (number, _touched.Count);
            _touched.Add(new Touched(entry.State, after));
        }

        entry.State = after;
        if (transition is not null)
        {
            _transitions.Add(transition);
        }
    }

    public ChangeSet Seal(int shard, long epoch, long firstSequence)
    {
        var set = new ChangeSet(shard, epoch) { FirstSequence = firstSequence };
        Dictionary<string, DatasetDelta>? deltas = null;
        foreach (var (before, after) in _touched)
        {
            set.Files.Add(new FileChange(after, before?.Facts.Path.Value, before is null));
            AddIntents(set.Intents, before, after);
            if (!after.Datasets.IsEmpty || before is { Datasets.IsEmpty: false })
            {
                AddCounts(deltas ??= new(StringComparer.Ordinal), before, after);
            }
        }

        set.Transitions.AddRange(_transitions);
        if (deltas is not null)
        {
            set.Datasets.AddRange(deltas.Values);
        }

        return set;
    }

    /// <summary>A step has an intent while it can be started now or later, or runs; the intent says when to look at it.</summary>
    private static void AddIntents(List<IntentChange> changes, FileState? before, FileState after)
    {
        if (after.Steps.IsEmpty || (before is not null && before.Steps == after.Steps))
        {
            return;
        }

        // A step that ended and left the row within one turn still has its intent in the store.
        foreach (var step in before?.Steps ?? [])
        {
            if (IsWanted(step) && !after.Steps.Any(s => s.Key == step.Key))
            {
                changes.Add(new IntentChange(IntentOf(after, step), Remove: true));
            }
        }

        foreach (var step in after.Steps)
        {
            var old = before?.Steps.FirstOrDefault(s => s.Key == step.Key);
            var wanted = IsWanted(step);
            if (wanted ? step != old : old is not null && IsWanted(old))
            {
                changes.Add(new IntentChange(IntentOf(after, step), Remove: !wanted));
            }
        }
    }

    private static Intent IntentOf(FileState file, Step step) => new(
        file.Id, file.Number, step.Key, step.Action, step.Target, step.DueAt, step.Attempts, step.State == StepState.Running);

    private static bool IsWanted(Step step) =>
        step.State == StepState.Running || (step.State == StepState.Waiting && step.DueAt != Step.AfterThePrevious);

    private static void AddCounts(Dictionary<string, DatasetDelta> deltas, FileState? before, FileState after)
    {
        if (before is not null)
        {
            Count(deltas, before, -1, after.UpdatedAt);
        }

        Count(deltas, after, +1, after.UpdatedAt);
    }

    private static void Count(Dictionary<string, DatasetDelta> deltas, FileState state, int sign, DateTime at)
    {
        var status = FileSummary.Of(state).Status;
        foreach (var name in state.Datasets)
        {
            if (!deltas.TryGetValue(name, out var delta))
            {
                delta = new DatasetDelta(name, 0, 0, new long[Enum.GetValues<FileStatus>().Length], at);
            }

            delta.Counts[(int)status] += sign;
            deltas[name] = delta with { Files = delta.Files + sign, Bytes = ShardCounts.SumOf(delta.Bytes, sign * DatasetBytes(state, status)), At = at };
        }
    }

    /// <summary>What a file adds to its datasets' bytes: its known size, unless it is deleted.</summary>
    internal static long DatasetBytes(FileState state, FileStatus status) =>
        status == FileStatus.Deleted ? 0 : state.Facts.Size.Bytes ?? 0;

    private readonly record struct Touched(FileState? Before, FileState After);
}
