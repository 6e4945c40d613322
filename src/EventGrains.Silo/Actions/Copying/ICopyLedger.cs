using EventGrains.Contracts.Actions;
using EventGrains.Contracts.Files;
using EventGrains.Contracts.Shards;
using EventGrains.Events;
using EventGrains.Files;

namespace EventGrains.Silo.Actions.Copying;

/// <summary>What a copy must ask and tell of the cluster while it works.</summary>
internal interface ICopyLedger
{
    /// <summary>Whose copy the target is, or last was; null when none of ours.</summary>
    Task<CopyAlias?> FindAlias(string storage, string path);

    /// <summary>Returns when it is durable.</summary>
    /// <exception cref="StepFailedException">A newer content of the same file has the path.</exception>
    Task SaveAlias(CopyAlias alias);

    /// <summary>What is known of a file: what a deleted one left in a replica storage may be taken over.</summary>
    Task<FileState?> Find(FileId file);

    /// <summary>Tells the file of an alias that its copy is no more: another file's copy is in its place. Returns when it is durable.</summary>
    /// <param name="at">By the clock of the file system that held it.</param>
    Task SayRemoved(CopyAlias alias, DateTime at);

    /// <summary>Whether the attempt is still the step's newest, asked right before what cannot be undone.</summary>
    Task<bool> IsStillClaimed();
}

internal sealed class GrainCopyLedger(IGrainFactory grains, int shards, StepClaim claim) : ICopyLedger
{
    public Task<CopyAlias?> FindAlias(string storage, string path) => ShardOf(storage, path).FindAlias(storage, path);

    public async Task SaveAlias(CopyAlias alias)
    {
        if (!await ShardOf(alias.Storage, alias.Path).SaveAlias(alias))
        {
            throw Superseded(alias);
        }
    }

    public static StepFailedException Superseded(CopyAlias alias) =>
        new($"superseded: {alias.Storage}:{Posix.PosixText.Show(alias.Path)} is the copy of a newer content of {alias.File}");

    public Task<FileState?> Find(FileId file) => grains.GetFile(file).Get();

    public async Task SayRemoved(CopyAlias alias, DateTime at)
    {
        var said = new StorageEvent(alias.File, "replicate", CopyStatement.Removed(alias, at));
        var answer = await grains.GetGrain<IFileShardGrain>(alias.File.ShardOf(shards)).Apply(new EventBatch(Cause.Ourselves, [said]));
        if (!answer.Failed.IsDefaultOrEmpty)
        {
            throw new InvalidOperationException($"{alias.File} could not be told that its copy at {alias.Storage}:{alias.Path} is no more; the log says why");
        }
    }

    public async Task<bool> IsStillClaimed() => await grains.GetFile(claim.File).Extend(claim) is not null;

    private IFileShardGrain ShardOf(string storage, string path) =>
        grains.GetGrain<IFileShardGrain>(CopyAlias.RoutingId(storage, path).ShardOf(shards));
}
