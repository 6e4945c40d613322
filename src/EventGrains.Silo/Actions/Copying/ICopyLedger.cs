using EventGrains.Contracts.Actions;
using EventGrains.Contracts.Files;
using EventGrains.Contracts.Shards;
using EventGrains.Events;
using EventGrains.Files;

namespace EventGrains.Silo.Actions.Copying;

/// <summary>What a copy must ask and tell of the cluster while it works.</summary>
internal interface ICopyLedger
{
    /// <summary>Whose copy the target is; null when none of ours.</summary>
    Task<CopyAlias?> FindAlias(string storage, string path);

    /// <summary>Returns when it is durable.</summary>
    Task SaveAlias(CopyAlias alias);

    /// <summary>Whether a file is known to be deleted: what it left in a replica storage may be taken over.</summary>
    Task<bool> IsDeleted(FileId file);

    /// <summary>Tells the file of an alias that its copy is no more: another file's copy is in its place.</summary>
    Task SayRemoved(CopyAlias alias, DateTime at);

    /// <summary>Whether the attempt is still the step's newest, asked right before what cannot be undone.</summary>
    Task<bool> IsStillClaimed();
}

internal sealed class GrainCopyLedger(IGrainFactory grains, int shards, StepClaim claim) : ICopyLedger
{
    public Task<CopyAlias?> FindAlias(string storage, string path) => ShardOf(storage, path).FindAlias(storage, path);

    public Task SaveAlias(CopyAlias alias) => ShardOf(alias.Storage, alias.Path).SaveAlias(alias);

    public async Task<bool> IsDeleted(FileId file) =>
        await grains.GetFile(file).Get() is { } state && FileSummary.Of(state).Existence == Existence.Deleted;

    public Task SayRemoved(CopyAlias alias, DateTime at) =>
        grains.GetGrain<IFileShardGrain>(alias.File.ShardOf(shards)).Apply(new EventBatch(Cause.Ourselves, [new StorageEvent(alias.File, "replicate", new FileFacts
        {
            Incarnation = alias.Incarnation,
            Replicas = [new Replica(alias.Storage, null, alias.Path, at, ReplicaState.Removed)],
        })]));

    public async Task<bool> IsStillClaimed() => await grains.GetFile(claim.File).Extend(claim) is not null;

    private IFileShardGrain ShardOf(string storage, string path) =>
        grains.GetGrain<IFileShardGrain>(CopyAlias.RoutingId(storage, path).ShardOf(shards));
}
