using System.Collections.Immutable;

namespace EventGrains.Files;

/// <summary>What is visibly different between two states of a file. Nothing listed means no transition: a clock that moved is kept in silence.</summary>
internal static class Changes
{
    public static ImmutableArray<TransitionKind> Between(FileState before, in FileSummary was, FileState after, in FileSummary now)
    {
        Span<bool> changed = stackalloc bool[(int)TransitionKind.Deleted + 1];
        var (old, @new) = (before.Facts, after.Facts);
        var isRewritten = before.Version > 0 && old.Incarnation != @new.Incarnation && !old.Incarnation.IsNone;

        changed[(int)TransitionKind.Located] = old.Path.Value is null && @new.Path.Value is not null;
        changed[(int)TransitionKind.Renamed] = old.Path.Value is not null && old.Path.Value != @new.Path.Value;
        changed[(int)TransitionKind.Rewritten] = isRewritten;
        changed[(int)TransitionKind.SizeKnown] = old.Size.Bytes != @new.Size.Bytes;
        changed[(int)TransitionKind.ChecksumAdded] = !old.Checksums.AsSpan().SequenceEqual(@new.Checksums.AsSpan());
        changed[(int)TransitionKind.Flushed] = !old.TapeCopies.AsSpan().SequenceEqual(@new.TapeCopies.AsSpan()) && now.IsOnTape;
        Replicas(old.Replicas.AsSpan(), @new.Replicas.AsSpan(), changed);

        changed[(int)TransitionKind.Uploading] = was.Existence != now.Existence && now.Existence == Existence.Uploading;
        changed[(int)TransitionKind.Stored] = (was.Existence != now.Existence || isRewritten) && now.Existence == Existence.Stored;
        changed[(int)TransitionKind.Deleted] = was.Existence != now.Existence && now.Existence == Existence.Deleted;
        changed[(int)TransitionKind.Evicted] = was.ReplicasPresent > 0 && now.ReplicasPresent == 0 && now.IsOnTape;
        changed[(int)TransitionKind.Staged] = !was.IsStaged && now.IsStaged;
        changed[(int)TransitionKind.Replicated] = !was.IsReplicated && now.IsReplicated;
        changed[(int)TransitionKind.Processed] = !was.IsProcessed && now.IsProcessed;
        changed[(int)TransitionKind.Lost] = !was.IsLost && now.IsLost;
        changed[(int)TransitionKind.Found] = was.IsLost && !now.IsLost && now.Existence == Existence.Stored;
        changed[(int)TransitionKind.Step] = HasOtherSteps(before.Steps, after.Steps);
        return Listed(changed);
    }

    private static ImmutableArray<TransitionKind> Listed(ReadOnlySpan<bool> changed)
    {
        var count = changed.Count(true);
        if (count == 0)
        {
            return [];
        }

        var kinds = ImmutableArray.CreateBuilder<TransitionKind>(count);
        for (var kind = 0; kind < changed.Length; kind++)
        {
            if (changed[kind])
            {
                kinds.Add((TransitionKind)kind);
            }
        }

        return kinds.MoveToImmutable();
    }

    /// <summary>Both are sorted by key, and no register ever leaves.</summary>
    private static void Replicas(ReadOnlySpan<Replica> old, ReadOnlySpan<Replica> @new, Span<bool> changed)
    {
        var i = 0;
        foreach (ref readonly var replica in @new)
        {
            while (i < old.Length && Replica.CompareKeys(old[i], replica) < 0)
            {
                i++;
            }

            var known = i < old.Length && Replica.CompareKeys(old[i], replica) == 0;
            if (!known || old[i].State != replica.State)
            {
                changed[(int)TransitionKind.ReplicaAdded] |= replica.State == ReplicaState.Present;
                changed[(int)TransitionKind.ReplicaRemoved] |= replica.State == ReplicaState.Removed;
                changed[(int)TransitionKind.ReplicaCorrupt] |= replica.State == ReplicaState.Corrupt;
            }

            changed[(int)TransitionKind.ChecksumAdded] |= known && old[i].Checksum != replica.Checksum && replica.Checksum is not null;
        }
    }

    private static bool HasOtherSteps(ImmutableArray<Step> before, ImmutableArray<Step> after)
    {
        if (before.Length != after.Length)
        {
            return true;
        }

        for (var i = 0; i < after.Length; i++)
        {
            if (before[i].State != after[i].State || before[i].Attempts != after[i].Attempts)
            {
                return true;
            }
        }

        return false;
    }
}
