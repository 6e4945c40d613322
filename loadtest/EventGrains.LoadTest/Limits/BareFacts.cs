using EventGrains.Events;
using EventGrains.Files;

namespace EventGrains.LoadTest.Limits;

/// <summary>What a record says, as the product's facts: the shortest way there, without a check of what could be wrong with it.</summary>
internal static class BareFacts
{
    private static readonly ExistenceRegister Stored = new(Existence.Stored);
    private static readonly ExistenceRegister Deleted = new(Existence.Deleted);

    /// <summary>Null when the record proves nothing.</summary>
    public static StorageEvent? Of(in BareRecord record, string storage)
    {
        if (record.Code != 0)
        {
            return null;
        }

        var id = new FileId(storage, record.Native!);
        return record switch
        {
            { IsRequest: true } => new StorageEvent(id, "request", new FileFacts
            {
                Existence = Stored,
                Size = new SizeRegister(record.MoverWrote ? record.Size : null),
                Replicas = record.MoverCode == 0
                    ? [new Replica(storage, record.MoverPool, null, record.MoverDate.UtcDateTime, ReplicaState.Present)]
                    : [],
                Path = new PathRegister(PathRank.DoorHint, record.Date.UtcDateTime, record.Path),
            }),
            { IsTransfer: true } => new StorageEvent(id, "transfer", new FileFacts
            {
                Size = new SizeRegister(record.IsWrite ? record.Size : null),
                Replicas = [OnPool(record, storage, ReplicaState.Present)],
                Path = new PathRegister(PathRank.PoolHint, record.Date.UtcDateTime, record.Path),
            }),
            { IsRemove: true, IsDoor: true } => new StorageEvent(id, "remove", new FileFacts
            {
                Existence = Deleted,
                Path = new PathRegister(PathRank.DoorHint, record.Date.UtcDateTime, record.Path),
            }),
            { IsRemove: true } => new StorageEvent(id, "remove", new FileFacts
            {
                Replicas = [OnPool(record, storage, ReplicaState.Removed) with { Evicted = record.IsEviction }],
            }),
            { IsStore: true } => new StorageEvent(id, "store", new FileFacts
            {
                Size = new SizeRegister(record.Size),
                TapeCopies = [record.TapeCopy!],
            }),
            { IsRestore: true } => new StorageEvent(id, "restore", new FileFacts
            {
                Size = new SizeRegister(record.Size),
                Replicas = [OnPool(record, storage, ReplicaState.Present)],
                StagedAt = record.Date.UtcDateTime,
            }),
            _ => null,
        };
    }

    private static Replica OnPool(in BareRecord record, string storage, ReplicaState state) =>
        new(storage, record.Pool, null, record.Date.UtcDateTime, state);
}
