namespace EventGrains.Contracts.Shards;

/// <summary>Another owner has taken the shard over while the call was under way: nothing of it is kept. The same call again reaches the new owner.</summary>
[GenerateSerializer, Alias("EventGrains.ShardFencedException")]
public sealed class ShardFencedException(int shard, long epoch) : Exception($"shard {shard} has a newer owner than epoch {epoch}");
