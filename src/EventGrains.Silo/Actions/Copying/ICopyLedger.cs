using EventGrains.Contracts.Actions;
using EventGrains.Contracts.Files;
using EventGrains.Contracts.Shards;

namespace EventGrains.Silo.Actions.Copying;

/// <summary>What a copy must ask and tell of the cluster while it works.</summary>
internal interface ICopyLedger
{
    /// <summary>Whose copy the target is; null when none of ours.</summary>
    Task<CopyAlias?> FindAlias(string storage, string path);

    /// <summary>Returns when it is durable.</summary>
    Task SaveAlias(CopyAlias alias);

    /// <summary>Whether the attempt is still the step's newest, asked right before what cannot be undone.</summary>
    Task<bool> IsStillClaimed();
}

internal sealed class GrainCopyLedger(IGrainFactory grains, int shards, StepClaim claim) : ICopyLedger
{
    public Task<CopyAlias?> FindAlias(string storage, string path) => ShardOf(storage, path).FindAlias(storage, path);

    public Task SaveAlias(CopyAlias alias) => ShardOf(alias.Storage, alias.Path).SaveAlias(alias);

    public async Task<bool> IsStillClaimed() => await grains.GetFile(claim.File).Extend(claim) is not null;

    private IFileShardGrain ShardOf(string storage, string path) =>
        grains.GetGrain<IFileShardGrain>(CopyAlias.RoutingId(storage, path).ShardOf(shards));
}
