using EventGrains.Contracts.Datasets;
using EventGrains.Silo.Cluster;
using EventGrains.Silo.Store;
using Orleans.Concurrency;

namespace EventGrains.Silo.Datasets;

/// <summary>One dataset: sums what the shards' commits counted.</summary>
[Reentrant, KeepsNoOrder]
internal sealed class DatasetGrain(IStore store) : Grain, IDatasetGrain
{
    public async Task<DatasetCounts?> Get() =>
        await store.ReadDatasets(null, 1, this.GetPrimaryKeyString()) is [var only, ..] ? only : null;

    public Task<DatasetRecount> Recount() => store.Recount(this.GetPrimaryKeyString());
}

/// <summary>Lists datasets by name.</summary>
[StatelessWorker, Reentrant]
internal sealed class DatasetListGrain(IStore store) : Grain, IDatasetListGrain
{
    public Task<IReadOnlyList<DatasetCounts>> List(string? after, int limit) => store.ReadDatasets(after, Math.Clamp(limit, 1, 1_000));
}
