using System.Collections.Immutable;

namespace EventGrains.Files;

/// <summary>What a person and a rule see of a file; derived from its facts and its steps, never stored as truth.</summary>
/// <param name="IsLost">Stored, its copies are known and none is left. A copy that a pool evicted to make room is no loss: a store evicts only what it holds elsewhere.</param>
/// <param name="IsStaged">On disk again after being on tape alone.</param>
/// <param name="IsReplicated">Two or more copies present, on different storages or pools.</param>
/// <param name="IsProcessed">There is a <c>run</c> step of this incarnation, and all of them are done.</param>
public readonly record struct FileSummary(
    Existence Existence,
    Locality Locality,
    FileStatus Status,
    int ReplicasPresent,
    bool IsOnTape,
    bool IsLost,
    bool IsStaged,
    bool IsReplicated,
    bool IsProcessed,
    bool HasCorruptReplica)
{
    public static FileSummary Of(FileState state) => Of(state.Facts, state.Steps);

    public static FileSummary Of(FileFacts facts, ImmutableArray<Step> steps)
    {
        var existence = facts.DeletedThrough is { } closed && closed >= facts.Incarnation ? Existence.Deleted : facts.Existence.State;
        var (present, gone, evicted, corrupt) = Count(facts.Replicas.AsSpan());
        var isOnTape = !facts.TapeCopies.IsEmpty;
        var isLost = existence == Existence.Stored && present == 0 && !isOnTape && gone > 0 && evicted == 0;
        var isAlive = existence != Existence.Deleted;
        var isStaged = isAlive && isOnTape && present > 0 && facts.StagedAt != default;
        var isReplicated = isAlive && present >= 2;
        var isProcessed = isAlive && IsProcessedBy(steps, facts.Incarnation);
        var locality = (present > 0, isOnTape) switch
        {
            (true, true) => Locality.Both,
            (true, false) => Locality.Disk,
            (false, true) => Locality.Tape,
            _ => isLost || existence == Existence.Deleted ? Locality.None : Locality.Unknown,
        };
        var status = existence switch
        {
            Existence.Deleted => FileStatus.Deleted,
            Existence.Stored when isLost => FileStatus.Lost,
            Existence.Stored when isProcessed => FileStatus.Processed,
            Existence.Stored when isReplicated => FileStatus.Replicated,
            Existence.Stored when isStaged => FileStatus.Staged,
            Existence.Stored => FileStatus.Stored,
            Existence.Uploading => FileStatus.Uploading,
            _ => FileStatus.Unknown,
        };
        return new FileSummary(existence, locality, status, present, isOnTape, isLost, isStaged, isReplicated, isProcessed, corrupt);
    }

    private static (int Present, int Gone, int Evicted, bool Corrupt) Count(ReadOnlySpan<Replica> replicas)
    {
        int present = 0, gone = 0, evicted = 0;
        var corrupt = false;
        foreach (ref readonly var replica in replicas)
        {
            present += replica.State == ReplicaState.Present ? 1 : 0;
            gone += replica.State is ReplicaState.Removed or ReplicaState.Corrupt ? 1 : 0;
            evicted += replica is { State: ReplicaState.Removed, Evicted: true } ? 1 : 0;
            corrupt |= replica.State == ReplicaState.Corrupt;
        }

        return (present, gone, evicted, corrupt);
    }

    private static bool IsProcessedBy(ImmutableArray<Step> steps, Incarnation incarnation)
    {
        var found = false;
        foreach (var step in steps)
        {
            if (step.Action != Step.RunAction || step.Key.Incarnation != incarnation || step.State is StepState.Superseded or StepState.Cancelled)
            {
                continue;
            }

            if (step.State != StepState.Done)
            {
                return false;
            }

            found = true;
        }

        return found;
    }
}
