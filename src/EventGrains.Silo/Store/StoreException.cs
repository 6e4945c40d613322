using EventGrains.Files;

namespace EventGrains.Silo.Store;

/// <summary>A row cannot be written as it is. Nothing of the commit was, and the store goes on: without what the row belongs to the same commit is taken.</summary>
/// <param name="file">Whose row it is; null where it belongs to the shard alone: a position, a dead letter, an alias, a dataset's counts.</param>
[GenerateSerializer, Alias("EventGrains.RowRefusedException")]
public sealed class RowRefusedException(int shard, FileId? file, Exception inner)
    : Exception(file is null ? $"a row of shard {shard} cannot be written: {inner.Message}" : $"the row of {file} cannot be written: {inner.Message}", inner)
{
    [Id(0)]
    public int Shard { get; } = shard;

    [Id(1)]
    public FileId? File { get; } = file;
}

/// <summary>The store cannot be opened: away, in use, newer, or not writable. The message says which, and what to do.</summary>
public sealed class StoreUnusableException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The store does not answer now: the same start may succeed later, as it is. Everything else has to be mended by somebody first.</summary>
    public bool IsAway { get; init; }
}
