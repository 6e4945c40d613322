using EventGrains.Contracts.Settings;

namespace EventGrains.Silo;

/// <summary>What can be set of a silo. Every bound has a name, a unit, a range and a stated behaviour.</summary>
public sealed class SiloSettings
{
    [Setting("The data directory: all that a silo with the embedded store keeps.")]
    public string DataDirectory { get; set; } = "";

    [Setting("Shards of a new store; fixed at its creation, well above the number of silos.", Unit = "shards", Min = 1, Max = 4096)]
    public int Shards { get; set; } = 16;

    [Setting("File states kept in memory over all shards; beyond it the least recently touched durable ones are dropped and loaded again when needed.", Unit = "files", Min = 1_000, Max = 100_000_000)]
    public int FilesCachedMax { get; set; } = 200_000;

    [Setting("Change sets that may wait for the committer; beyond it shards wait, and so do sources.", Unit = "change sets", Min = 16, Max = 100_000)]
    public int CommitQueueMax { get; set; } = 256;

    [Setting("Events in one commit; a commit with more waiting takes this many and the next takes the rest.", Unit = "events", Min = 100, Max = 1_000_000)]
    public int CommitEventsMax { get; set; } = 20_000;

    [Setting("Transitions kept in the log; beyond it the oldest are dropped, and a subscriber that was further behind gets a gap.", Unit = "transitions", Min = 10_000, Max = 100_000_000_000)]
    public long TransitionsKeptMax { get; set; } = 50_000_000;

    [Setting("What a log reader may hold that is read and not yet durable; beyond it reading waits for the shards.", Unit = "bytes", Min = 65_536, Max = 4_294_967_296)]
    public long ReadAheadBytesMax { get; set; } = 16 * 1024 * 1024;

    [Setting("The longest line of a log file; a longer one becomes a dead letter with its beginning, without being held whole.", Unit = "bytes", Min = 1_024, Max = 67_108_864)]
    public int LineBytesMax { get; set; } = 1024 * 1024;

    [Setting("Unanswered ranges of one partition per shard; beyond it what is read gathers into larger ranges.", Unit = "ranges", Min = 1, Max = 64)]
    public int RangesInFlightMax { get; set; } = 4;

    [Setting("Log files of one source that are read at the same time; more of them wait for a reader that has caught up, and the source says so.", Unit = "files", Min = 1, Max = 1_024)]
    public int LogReadersMax { get; set; } = 32;

    [Setting("A rotated log file is finished when no writer has it open; where that cannot be told, when it has not grown for so long.", Unit = "seconds", Min = 0, Max = 3_600)]
    public double RotationGraceSeconds { get; set; } = 5;

    [Setting("A log reader that has read everything and sees nothing new for so long is put to rest until its file changes.", Unit = "seconds", Min = 1, Max = 86_400)]
    public double ReaderIdleSeconds { get; set; } = 60;

    [Setting("How often a watched directory is compared with what is known, whatever its notifications said.", Unit = "minutes", Min = 0.01, Max = 10_080)]
    public double ScanMinutes { get; set; } = 60;

    [Setting("Where it cannot be told whether a writer has a file open: for so long it must not have been modified before a scan announces it.", Unit = "seconds", Min = 0, Max = 86_400)]
    public double SettleSeconds { get; set; } = 10;

    [Setting("The share of a directory's known files that a scan may find missing; beyond it (and beyond 20 files) the source pauses and asks.", Unit = "percent", Min = 0, Max = 100)]
    public double MissingShareMax { get; set; } = 5;
}
