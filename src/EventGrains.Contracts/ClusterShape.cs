namespace EventGrains.Contracts;

/// <summary>What a caller needs to know to find a file's shard: fixed when the store was created.</summary>
public sealed record ClusterShape(int Shards);
