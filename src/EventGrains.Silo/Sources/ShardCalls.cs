using EventGrains.Contracts.Shards;
using EventGrains.Silo.Store;

namespace EventGrains.Silo.Sources;

/// <summary>The calls that a source makes to shards; tests stand in for the shards here.</summary>
internal interface IShardCalls
{
    int Count { get; }

    Task<ApplyAnswer> Apply(int shard, EventBatch batch);

    Task<RangeAnswer> ApplyRange(int shard, EventRange range);
}

internal sealed class ShardCalls(IGrainFactory grains, IStore store) : IShardCalls
{
    public int Count => store.Shards;

    public Task<ApplyAnswer> Apply(int shard, EventBatch batch) => grains.GetGrain<IFileShardGrain>(shard).Apply(batch);

    public Task<RangeAnswer> ApplyRange(int shard, EventRange range) => grains.GetGrain<IFileShardGrain>(shard).ApplyRange(range);
}
