namespace EventGrains.Contracts.Status;

/// <summary>No silo can be asked now: none runs, or none can be reached. It may be again.</summary>
[GenerateSerializer, Alias("EventGrains.ClusterAwayException")]
public sealed class ClusterAwayException(string message) : Exception(message);
