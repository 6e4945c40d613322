using EventGrains.Contracts.Datasets;
using EventGrains.Silo.Cluster;
using EventGrains.Silo.Store;
using Orleans.Concurrency;

namespace EventGrains.Silo.Datasets;

/// <summary>One dataset: sums what the shards' commits counted.</summary>
[Reentrant, KeepsNoOrder]
internal sealed class DatasetGrain(IStore store) : Grain, IDatasetGrain
{
    private Task<DatasetRecount>? _recount;

    public async Task<DatasetCounts?> Get() =>
        await store.ReadDatasets(null, 1, this.GetPrimaryKeyString()) is [var only, ..] ? only : null;

    /// <remarks>It reads every file: who asks while it is on its way gets what it finds.</remarks>
    public Task<DatasetRecount> Recount() => _recount is { IsCompleted: false } onItsWay ? onItsWay : _recount = store.Recount(this.GetPrimaryKeyString());
}

/// <summary>Lists datasets by name.</summary>
[StatelessWorker, Reentrant]
internal sealed class DatasetListGrain(IStore store) : Grain, IDatasetListGrain
{
    public Task<IReadOnlyList<DatasetCounts>> List(string? after, int limit) => store.ReadDatasets(after, Math.Clamp(limit, 1, 1_000));
}
