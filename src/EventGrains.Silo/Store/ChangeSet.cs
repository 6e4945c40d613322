using EventGrains.Contracts.Shards;
using EventGrains.Files;

namespace EventGrains.Silo.Store;

/// <summary>All that one turn of one shard changes; committed as a whole or not at all. Not touched after it was handed over.</summary>
public sealed class ChangeSet(int shard, long epoch)
{
    public int Shard { get; } = shard;

    public long Epoch { get; } = epoch;

    /// <summary>The sequence of the first of <see cref="Transitions"/>; the others count on. A shard gives its transitions sequences without a gap, from 1.</summary>
    public long FirstSequence { get; init; }

    /// <summary>Each touched file once, in the order of first touch.</summary>
    public List<FileChange> Files { get; } = [];

    /// <summary>In the order in which they were decided: per file by version.</summary>
    public List<Transition> Transitions { get; } = [];

    public List<IntentChange> Intents { get; } = [];

    public List<DatasetDelta> Datasets { get; } = [];

    public List<PositionRow> Positions { get; } = [];

    public List<DeadLetter> DeadLetters { get; } = [];

    public List<AliasRow> Aliases { get; } = [];

    public bool IsEmpty =>
        Files.Count == 0 && Intents.Count == 0 && Positions.Count == 0 && DeadLetters.Count == 0 && Aliases.Count == 0;
}

/// <param name="After">The row to write.</param>
/// <param name="PathBefore">The path in the row that this one replaces, in the order of change sets; its index entry goes when it differs.</param>
/// <param name="IsNew">No row replaced: the id gets its number.</param>
public readonly record struct FileChange(FileState After, string? PathBefore, bool IsNew);

/// <summary>A step to start, or (running) to look at again when its claim's deadline passes.</summary>
/// <param name="Target">For bounds per target; null when the action has none.</param>
/// <param name="DueAt">Not before, UTC.</param>
/// <param name="Attempts">How many attempts were claimed so far.</param>
/// <param name="Running">An attempt is running; otherwise the step waits.</param>
public sealed record Intent(FileId File, long FileNumber, StepKey Step, string Action, string? Target, DateTime DueAt, int Attempts, bool Running)
{
    /// <summary>A file's number has its shard in the high 16 bits.</summary>
    public int Shard => (int)(FileNumber >> 48);
}

/// <summary>Puts an intent (replacing the one of the same file, rule and step) or takes it away.</summary>
public readonly record struct IntentChange(Intent Intent, bool Remove);

/// <summary>What a change set adds to one dataset's counts; the store adds it up.</summary>
/// <param name="Counts">Differences per status, indexed by <see cref="FileStatus"/>.</param>
public sealed record DatasetDelta(string Name, long Files, long Bytes, long[] Counts, DateTime At);

/// <summary>Up to where a shard has a partition durably.</summary>
/// <param name="Check">For a log file: a hash of the bytes before the position, to tell a copied-and-truncated file.</param>
public sealed record PositionRow(int Shard, string Source, string Partition, long ReaderEpoch, long Generation, long Position, string? Check);

/// <summary>Who reads a partition, and what its generations are.</summary>
/// <param name="Detail">The source's own notes on its generations, as it wrote them (for log files: inodes, names, where the old one ended).</param>
public sealed record PartitionRow(string Source, string Partition, long ReaderEpoch, long Generation, string Detail);

/// <summary>A path in a replica storage that holds a copy of a file of ours; kept by the shard of the alias's own id.</summary>
public sealed record AliasRow(string Storage, string Path, FileId File, Incarnation Incarnation, Checksum? Checksum);

public sealed record IntentPage(IReadOnlyList<Intent> Items, string? Next);
