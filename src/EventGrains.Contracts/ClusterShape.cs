namespace EventGrains.Contracts;

/// <summary>What every member of a cluster must agree on.</summary>
/// <param name="Shards">How many file shards there are; fixed when the store is created.</param>
public sealed record ClusterShape(int Shards);
