namespace EventGrains.Silo.Store;

/// <summary>The store cannot be opened: in use, newer, or not writable. The message says which, and what to do.</summary>
public sealed class StoreUnusableException(string message, Exception? inner = null) : Exception(message, inner);
