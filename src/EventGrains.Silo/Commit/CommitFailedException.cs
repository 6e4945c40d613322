namespace EventGrains.Silo.Commit;

/// <summary>A commit failed or its outcome is unknown: nothing of it is acknowledged, and the caller sends the same again.</summary>
[GenerateSerializer, Alias("EventGrains.CommitFailedException")]
internal sealed class CommitFailedException(string message, Exception? inner = null) : Exception(message, inner);
