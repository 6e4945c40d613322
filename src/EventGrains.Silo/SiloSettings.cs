using EventGrains.Contracts.Settings;
using EventGrains.Files;

namespace EventGrains.Silo;

/// <summary>What can be set of a silo. Every bound has a name, a unit, a range and a stated behaviour.</summary>
public sealed class SiloSettings
{
    [Setting("The data directory: all that a silo with the embedded store keeps. With another store only the working directories of commands, and mirrors, are in it.")]
    public string DataDirectory { get; set; } = "";

    [Setting("Where state is kept: rocksdb, in the data directory of this one process; or postgres, for any number of silos.")]
    public StoreKind Store { get; set; } = StoreKind.Rocksdb;

    [Setting("The PostgreSQL database that all silos and gateways of a cluster share: Host=...;Database=...;Username=...;Password=...", IsSecret = true)]
    public string Postgres { get; set; } = "";

    [Setting("A file with the PostgreSQL connection, so that it need not stand in the environment or on the command line.")]
    public string PostgresFile { get; set; } = "";

    [Setting("The cluster's name: silos and gateways of one name and one database belong together.")]
    public string Cluster { get; set; } = "eventgrains";

    [Setting("This silo's name, for people: in status, logs, and where a source names the silos that see it. The machine's name and the silo port without it.")]
    public string SiloName { get; set; } = "";

    [Setting("The IP address by which other silos and gateways reach this silo. Without it 127.0.0.1, which is right for one machine only.")]
    public string Advertise { get; set; } = "";

    [Setting("The port for other silos.", Unit = "port", Min = 1, Max = 65_535)]
    public int SiloPort { get; set; } = 11_111;

    [Setting("The port for gateways without a silo of their own.", Unit = "port", Min = 1, Max = 65_535)]
    public int ClientPort { get; set; } = 30_000;

    [Setting("How long a silo that starts tries to reach every silo that is alive, and to be reached; then it ends and names whom it could not reach.", Unit = "seconds", Min = 5, Max = 3_600)]
    public double JoinWithinSeconds { get; set; } = 120;

    [Setting("How long a call to PostgreSQL is tried again while it is away, and how long what is to be committed waits for a store that is; then whoever asked hears why. Commits are not repeated: their shards start over.", Unit = "seconds", Min = 0, Max = 25)]
    public double StoreRetrySeconds { get; set; } = 5;

    [Setting("How long a PostgreSQL that does not answer is waited for at the start; then the server ends with the reason.", Unit = "seconds", Min = 0, Max = 3_600)]
    public double StoreWaitSeconds { get; set; } = 30;

    [Setting("Shards of a new store; fixed at its creation, well above the number of silos. 0: 16 in one process, 64 in a cluster.", Unit = "shards", Min = 0, Max = 4096)]
    public int Shards { get; set; }

    internal int ShardsOfNewStore => Shards > 0 ? Shards : Store == StoreKind.Postgres ? 64 : 16;

    [Setting("File states kept in memory over all shards; beyond it the least recently touched durable ones are dropped and loaded again when needed.", Unit = "files", Min = 1_000, Max = 100_000_000)]
    public int FilesCachedMax { get; set; } = 200_000;

    [Setting("Change sets that may wait for the committer; beyond it shards wait, and so do sources.", Unit = "change sets", Min = 16, Max = 100_000)]
    public int CommitQueueMax { get; set; } = 256;

    [Setting("Events in one commit; a commit with more waiting takes this many and the next takes the rest.", Unit = "events", Min = 100, Max = 1_000_000)]
    public int CommitEventsMax { get; set; } = 20_000;

    [Setting("Transitions kept in the log; beyond it the oldest are dropped, and a subscriber that was further behind gets a gap.", Unit = "transitions", Min = 10_000, Max = 100_000_000_000)]
    public long TransitionsKeptMax { get; set; } = 50_000_000;

    [Setting("Reads that may be in the store at once; further ones wait. Reads block a thread of the pool each.", Unit = "reads", Min = 1, Max = 1_024)]
    public int StoreReadsMax { get; set; } = 16;

    [Setting("Rows that one page of a file list looks at; a filter that matches little then gives a partial page with a next one.", Unit = "rows", Min = 1_000, Max = 10_000_000)]
    public int ListRowsScannedMax { get; set; } = 100_000;

    [Setting("Dead letters kept; beyond it a new one takes the place of its source's oldest, and that is counted.", Unit = "records", Min = 1, Max = 100_000_000)]
    public long DeadLettersKeptMax { get; set; } = 1_000_000;

    [Setting("Memory for rows, indexes and filters read from the embedded store's files; beyond it they are read again.", Unit = "bytes", Min = 8_388_608, Max = 1_099_511_627_776)]
    public long StoreCacheBytesMax { get; set; } = 32 << 20;

    [Setting("Memory for rows not yet in the embedded store's files; beyond it the largest table is written out.", Unit = "bytes", Min = 33_554_432, Max = 1_099_511_627_776)]
    public long StoreWriteBufferBytesMax { get; set; } = 64 << 20;

    [Setting("Length of the embedded store's log; beyond it tables are written out. A start after a crash reads the log whole.", Unit = "bytes", Min = 8_388_608, Max = 1_099_511_627_776)]
    public long StoreLogBytesMax { get; set; } = 192 << 20;

    [Setting("Attempts of one step; at the last failed one the step fails, until `step retry`.", Unit = "attempts", Min = 1, Max = 1_000)]
    public int AttemptsMax { get; set; } = 5;

    [Setting("How long a claim holds without being extended; so long a step rests after its executor died.", Unit = "seconds", Min = 1, Max = 3_600)]
    public double ClaimSeconds { get; set; } = 20;

    [Setting("The wait after a step's first failed attempt; it doubles with each.", Unit = "seconds", Min = 0.01, Max = 3_600)]
    public double BackOffFirstSeconds { get; set; } = 1;

    [Setting("The longest wait between two attempts of a step.", Unit = "seconds", Min = 0.01, Max = 86_400)]
    public double BackOffMaxSeconds { get; set; } = 300;

    [Setting("Steps of one action that run at once on this silo; the others wait in the store.", Unit = "steps", Min = 1, Max = 100_000)]
    public int StepsRunningPerActionMax { get; set; } = 64;

    [Setting("Steps against one target (a replica storage) that run at once on this silo.", Unit = "steps", Min = 1, Max = 100_000)]
    public int StepsRunningPerTargetMax { get; set; } = 16;

    [Setting("Steps of one rule that run at once on this silo, so that no rule starves the others.", Unit = "steps", Min = 1, Max = 100_000)]
    public int StepsRunningPerRuleMax { get; set; } = 32;

    [Setting("Intents of one rule, action and target that the dispatcher holds in memory; the others stay in the store and are read later.", Unit = "intents", Min = 100, Max = 10_000_000)]
    public int IntentsHeldMax { get; set; } = 10_000;

    internal StepPolicy StepPolicy() => new(
        AttemptsMax, TimeSpan.FromSeconds(ClaimSeconds), TimeSpan.FromSeconds(BackOffFirstSeconds), TimeSpan.FromSeconds(BackOffMaxSeconds));

    [Setting("What is kept of one command's output, half from its beginning and half from its end; the rest is read and dropped.", Unit = "bytes", Min = 1_024, Max = 16_777_216)]
    public int OutputBytesMax { get; set; } = 64 * 1024;

    [Setting("How long an unfinished copy is kept for an attempt that goes on with it; an older one that nobody is writing is removed. Replica storages are looked through for such at the start and four times in so long.", Unit = "hours", Min = 1, Max = 8_760)]
    public double PartFileKeptHours { get; set; } = 24;

    [Setting("What a log reader may hold that is read and not yet durable; beyond it reading waits for the shards.", Unit = "bytes", Min = 65_536, Max = 4_294_967_296)]
    public long ReadAheadBytesMax { get; set; } = 16 * 1024 * 1024;

    [Setting("The longest line of a log file; a longer one becomes a dead letter with its beginning, without being held whole.", Unit = "bytes", Min = 1_024, Max = 67_108_864)]
    public int LineBytesMax { get; set; } = 1024 * 1024;

    [Setting("Unanswered ranges of one partition per shard; beyond it what is read gathers into larger ranges.", Unit = "ranges", Min = 1, Max = 64)]
    public int RangesInFlightMax { get; set; } = 4;

    [Setting("Log files of one source that are read at the same time; more of them wait for a reader that has caught up, and the source says so.", Unit = "files", Min = 1, Max = 1_024)]
    public int LogReadersMax { get; set; } = 32;

    [Setting("The newest transitions that the store keeps in memory for those who follow the log; who is further behind reads them from disk.", Unit = "transitions", Min = 0, Max = 10_000_000)]
    public int RecentTransitionsMax { get; set; } = 32_768;

    [Setting("Attempts of one delivery on an Orleans stream; at the last failed one it is parked and the stream goes on.", Unit = "attempts", Min = 1, Max = 1_000)]
    public int StreamAttemptsMax { get; set; } = 5;

    [Setting("The wait after a delivery's first failed attempt; it doubles with each. A consumer that does not answer, or whose silo cannot be reached, ends an attempt after 30 s.", Unit = "seconds", Min = 0.01, Max = 3_600)]
    public double StreamBackOffFirstSeconds { get; set; } = 0.5;

    [Setting("The longest wait between two attempts of a delivery on a stream.", Unit = "seconds", Min = 0.01, Max = 3_600)]
    public double StreamBackOffMaxSeconds { get; set; } = 10;

    [Setting("Parked deliveries that are kept; beyond it the oldest makes room, and that is counted.", Unit = "deliveries", Min = 1, Max = 100_000)]
    public int StreamParkedMax { get; set; } = 1_000;

    [Setting("Events that one queue of streams holds for consumers which have not taken them; beyond it the queue is not read on. One stream holds 8 of them, the others of it are read from the store.", Unit = "events", Min = 100, Max = 1_000_000)]
    public int StreamEventsHeldMax { get; set; } = 512;

    [Setting("The newest transitions that a silo holds for all queues of streams; a queue further behind reads the log itself.", Unit = "transitions", Min = 1_000, Max = 10_000_000)]
    public int StreamTailMax { get; set; } = 20_000;

    [Setting("A rotated log file is finished when no writer has it open; where that cannot be told, when it has not grown for so long. One that goes on growing is left after twice that; what comes then is read beside the new file.", Unit = "seconds", Min = 0, Max = 3_600)]
    public double RotationGraceSeconds { get; set; } = 5;

    [Setting("A log reader that has read everything and sees nothing new for so long is put to rest until its file changes.", Unit = "seconds", Min = 1, Max = 86_400)]
    public double ReaderIdleSeconds { get; set; } = 60;

    [Setting("How often a watched directory is compared with what is known, whatever its notifications said.", Unit = "minutes", Min = 0.01, Max = 10_080)]
    public double ScanMinutes { get; set; } = 60;

    [Setting("Where it cannot be told whether a writer has a file open: for so long it must not have been changed before a scan announces it.", Unit = "seconds", Min = 0, Max = 86_400)]
    public double SettleSeconds { get; set; } = 10;

    [Setting("The share of a directory's known files that a scan may find missing; beyond it (and beyond 20 files) the source pauses and asks.", Unit = "percent", Min = 0, Max = 100)]
    public double MissingShareMax { get; set; } = 5;
}

public enum StoreKind
{
    Rocksdb,
    Postgres,
}
