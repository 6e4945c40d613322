namespace EventGrains.Silo.Commit;

/// <summary>A commit failed or its outcome is unknown: nothing of it is acknowledged, and the caller sends the same again.</summary>
[GenerateSerializer, Alias("EventGrains.CommitFailedException")]
internal sealed class CommitFailedException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Another owner has taken the shard over: this one's change sets are refused.</summary>
[GenerateSerializer, Alias("EventGrains.ShardFencedException")]
internal sealed class ShardFencedException(int shard, long epoch)
    : Exception($"shard {shard} has a newer owner than epoch {epoch}");
