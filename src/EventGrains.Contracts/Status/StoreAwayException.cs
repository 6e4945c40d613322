namespace EventGrains.Contracts.Status;

/// <summary>The store cannot be read now, and may be again: its disk is read-only, full or gone. The message says which store, and why.</summary>
[GenerateSerializer, Alias("EventGrains.StoreAwayException")]
public sealed class StoreAwayException(string message) : Exception(message);
