using EventGrains.Contracts.Shards;
using EventGrains.Files;

namespace EventGrains.Silo.Actions.Copying;

/// <summary>What a copy in a replica storage says of the file that it is a copy of. Pure.</summary>
/// <remarks>
/// One producer owns the register, the file system that holds the copy, and its clock alone stamps it: who copied and who looked say the
/// same of the same copy, so whoever comes second is silent. A copy speaks by its own change time; one that is gone by that of the directory
/// where it is missing, read before it was missed. A tie is a removal's, so a copy is made later than its directory before it is told of.
/// </remarks>
internal static class CopyStatement
{
    public static FileFacts Present(CopyAlias alias, DateTime changedAt) => Of(alias, changedAt, ReplicaState.Present, alias.Checksum);

    /// <summary>There, and of another length than the content it was made of.</summary>
    public static FileFacts Corrupt(CopyAlias alias, DateTime changedAt) => Of(alias, changedAt, ReplicaState.Corrupt, null);

    public static FileFacts Removed(CopyAlias alias, DateTime directoryChangedAt) => Of(alias, directoryChangedAt, ReplicaState.Removed, null);

    /// <summary>The time of a copy that was seen after all that is known of it: its own, unless the clock went back since something else was said.</summary>
    public static DateTime After(DateTime changedAt, CopyAlias alias, FileFacts known)
    {
        foreach (var replica in known.Replicas)
        {
            if (replica.Storage == alias.Storage && replica.Pool is null && replica.Path == alias.Path
                && replica.State != ReplicaState.Present && replica.SaidAt >= changedAt)
            {
                return replica.SaidAt.AddTicks(1);
            }
        }

        return changedAt;
    }

    private static FileFacts Of(CopyAlias alias, DateTime at, ReplicaState state, Checksum? checksum) => new()
    {
        Incarnation = alias.Incarnation,
        Replicas = [new Replica(alias.Storage, null, alias.Path, at, state, checksum)],
    };
}
