using EventGrains.Events;
using EventGrains.Files;

namespace EventGrains.Tests.Files;

/// <summary>What producers say, in the field's words; the facts that decoders make of such records.</summary>
internal static class Says
{
    public static readonly DateTime Noon = new(2026, 3, 4, 12, 0, 0, DateTimeKind.Utc);

    public static readonly FileId File = new("dcache", "0000A1B2C3D4E5F60718293A4B5C6D7E8F90");

    public static DateTime At(int seconds) => Noon.AddSeconds(seconds);

    public static FileFacts DoorStored(string path, int at) => new()
    {
        Existence = new ExistenceRegister(Existence.Stored),
        Path = new PathRegister(PathRank.DoorHint, At(at), path),
    };

    /// <summary>A door's record with the pool's own statement in it (the direct publishing path).</summary>
    public static FileFacts DoorStoredWithMover(string path, string pool, long size, int at) =>
        FileFacts.Join(DoorStored(path, at), PoolHas(pool, at)) is var facts ? FileFacts.Join(facts, new FileFacts { Size = new SizeRegister(size) }) : facts;

    public static FileFacts DoorUploading() => new() { Existence = new ExistenceRegister(Existence.Uploading) };

    public static FileFacts DoorDeleted(string path, int at) => new()
    {
        Existence = new ExistenceRegister(Existence.Deleted),
        Path = new PathRegister(PathRank.DoorHint, At(at), path),
    };

    public static FileFacts PoolWrote(string pool, string path, long size, int at) => new()
    {
        Size = new SizeRegister(size),
        Path = new PathRegister(PathRank.PoolHint, At(at), path),
        Replicas = [new Replica(File.Storage, pool, null, At(at), ReplicaState.Present)],
    };

    public static FileFacts PoolHas(string pool, int at) => Pool(pool, at, ReplicaState.Present);

    public static FileFacts PoolCorrupt(string pool, int at) => Pool(pool, at, ReplicaState.Corrupt);

    public static FileFacts PoolCleaned(string pool, int at) => Pool(pool, at, ReplicaState.Removed);

    public static FileFacts PoolEvicted(string pool, int at) => Pool(pool, at, ReplicaState.Removed, evicted: true);

    public static FileFacts Flushed(string pool, int at) => new()
    {
        TapeCopies = ["osm://cta/0000A1B2?archiveid=8402"],
        Replicas = [new Replica(File.Storage, pool, null, At(at), ReplicaState.Present)],
    };

    public static FileFacts Restored(string pool, int at) => new()
    {
        TapeCopies = ["osm://cta/0000A1B2?archiveid=8402"],
        StagedAt = At(at),
        Replicas = [new Replica(File.Storage, pool, null, At(at), ReplicaState.Present)],
    };

    public static FileFacts KeyPut(string sequencer, long size, int at) => new()
    {
        Incarnation = new Incarnation(sequencer),
        Existence = new ExistenceRegister(Existence.Stored),
        Size = new SizeRegister(size),
        Path = new PathRegister(PathRank.Namespace, At(at), "/bucket/key"),
        Replicas = [new Replica("s3", null, null, At(at), ReplicaState.Present)],
    };

    public static FileFacts KeyDeleted(string sequencer) => new() { DeletedThrough = new Incarnation(sequencer) };

    public static StorageEvent Event(FileFacts says) => new(File, "said", says);

    private static FileFacts Pool(string pool, int at, ReplicaState state, bool evicted = false) => new()
    {
        Replicas = [new Replica(File.Storage, pool, null, At(at), state, null, evicted)],
    };
}
