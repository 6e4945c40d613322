using EventGrains.Files;

namespace EventGrains.Silo.Store;

/// <summary>A file's row cannot be written as it is. Nothing of the commit was, and the store goes on: without that file the same commit is taken.</summary>
public sealed class RowRefusedException(int shard, FileId file, Exception inner)
    : Exception($"the row of {file} cannot be written: {inner.Message}", inner)
{
    public int Shard { get; } = shard;

    public FileId File { get; } = file;
}

/// <summary>The store cannot be opened: in use, newer, or not writable. The message says which, and what to do.</summary>
public sealed class StoreUnusableException(string message, Exception? inner = null) : Exception(message, inner);
