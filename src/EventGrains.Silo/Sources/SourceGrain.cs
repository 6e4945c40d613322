using EventGrains.Contracts.Sources;
using EventGrains.Silo.Cluster;
using Orleans.Concurrency;

namespace EventGrains.Silo.Sources;

/// <summary>One declared source. Holds what runs it, by its type.</summary>
/// <remarks>Calls nobody from its turns; what runs behind it calls shards and readers.</remarks>
[KeepAlive, Reentrant, PlacedEvenly]
internal sealed class SourceGrain(SourceParts parts, EvenKeeper keeper) : Grain, ISourceGrain
{
    private ISourceRunner? runner;

    public Task<SourceView> Get() => Task.FromResult(Running.View);

    public Task Seek(string partition, SeekTo to, long position) => Running.Seek(partition, to, position);

    public Task Resume(bool skipUnreadable) => Running.Resume(skipUnreadable);

    public Task Ping()
    {
        _ = Running;
        return Task.CompletedTask;
    }

    public Task Count(long accepted, long rejected)
    {
        Running.Count(accepted, rejected);
        return Task.CompletedTask;
    }

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        keeper.Here(GrainContext, typeof(SourceGrain));
        return Task.CompletedTask;
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        keeper.Gone(GrainContext);
        if (runner is not null)
        {
            parts.Ended(runner);
            await runner.DisposeAsync();
        }
    }

    private ISourceRunner Running => runner ??= parts.Start(this.GetPrimaryKeyString());
}
