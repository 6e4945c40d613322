using System.Runtime.InteropServices;
using RocksDbSharp;

namespace EventGrains.Silo.Store.Rocks;

/// <summary>The tables of the embedded store: one RocksDB, one column family a table, and how each is tuned.</summary>
/// <remarks>
/// Memory is bounded by two numbers: the block cache, which also holds indexes and filters, and the write buffers of all tables
/// together. The log is bounded too, since a start after a crash reads it whole.
/// </remarks>
internal sealed class RocksTables : IDisposable
{
    /// <summary>What a table is used for decides its options.</summary>
    private enum Use
    {
        /// <summary>Looked up by whole key, often in vain: a filter spares the misses.</summary>
        LookedUp,

        /// <summary>Read in order; a filter would never be asked.</summary>
        Scanned,

        Small,
    }

    private static readonly (string Name, Use Use)[] Described =
    [
        ("state", Use.LookedUp), ("ids", Use.LookedUp), ("history", Use.Scanned), ("log", Use.Scanned), ("paths", Use.Scanned),
        ("directories", Use.LookedUp), ("intents", Use.Small), ("counts", Use.Small), ("positions", Use.Small), ("partitions", Use.Small),
        ("deadletters", Use.Small), ("aliases", Use.LookedUp), ("rules", Use.Small), ("grains", Use.Small), ("sequences", Use.Small),
    ];

    private const int FilterBitsPerKey = 10;
    private const int OpenFilesMax = 512;
    private const ulong BigWriteBufferBytes = 32 << 20;
    private const ulong SmallWriteBufferBytes = 4 << 20;
    private const ulong BlockBytes = 8 << 10;

    private RocksTables(RocksDb database, Cache cache)
    {
        Database = database;
        this.cache = cache;
        Meta = database.GetDefaultColumnFamily();
        States = database.GetColumnFamily("state");
        Ids = database.GetColumnFamily("ids");
        FileHistory = database.GetColumnFamily("history");
        Log = database.GetColumnFamily("log");
        Paths = database.GetColumnFamily("paths");
        Directories = database.GetColumnFamily("directories");
        Intents = database.GetColumnFamily("intents");
        Counts = database.GetColumnFamily("counts");
        Positions = database.GetColumnFamily("positions");
        Partitions = database.GetColumnFamily("partitions");
        DeadLetters = database.GetColumnFamily("deadletters");
        Aliases = database.GetColumnFamily("aliases");
        Rules = database.GetColumnFamily("rules");
        Grains = database.GetColumnFamily("grains");
        Sequences = database.GetColumnFamily("sequences");
    }

    // Held so that it outlives the database that uses it.
    private readonly Cache cache;

    public RocksDb Database { get; }

    /// <summary>Schema, history, shards, epochs, totals: the default column family.</summary>
    public ColumnFamilyHandle Meta { get; }

    /// <summary>File number -> state.</summary>
    public ColumnFamilyHandle States { get; }

    /// <summary>Shard, id -> file number.</summary>
    public ColumnFamilyHandle Ids { get; }

    /// <summary>File number, version -> place in the log.</summary>
    public ColumnFamilyHandle FileHistory { get; }

    /// <summary>Commit index, ordinal -> transition.</summary>
    public ColumnFamilyHandle Log { get; }

    /// <summary>Shard, directory, name, file number -> nothing.</summary>
    public ColumnFamilyHandle Paths { get; }

    /// <summary>Shard, storage, path -> directory number.</summary>
    public ColumnFamilyHandle Directories { get; }

    public ColumnFamilyHandle Intents { get; }

    /// <summary>Dataset, shard -> counts.</summary>
    public ColumnFamilyHandle Counts { get; }

    public ColumnFamilyHandle Positions { get; }

    public ColumnFamilyHandle Partitions { get; }

    public ColumnFamilyHandle DeadLetters { get; }

    public ColumnFamilyHandle Aliases { get; }

    public ColumnFamilyHandle Rules { get; }

    public ColumnFamilyHandle Grains { get; }

    /// <summary>Shard, sequence of a change set's first transition -> how many it has, and the place of the first in the log. A shard's last row stays.</summary>
    public ColumnFamilyHandle Sequences { get; }

    public static IEnumerable<string> Names => Described.Select(d => d.Name);

    /// <summary>Opens the database, creating what is missing. A column family that this program does not know is opened too, so that its schema can be read.</summary>
    /// <exception cref="RocksDbException">It is locked, damaged, or cannot be written.</exception>
    public static RocksTables Open(string directory, SiloSettings settings)
    {
        var cache = Cache.CreateLru((ulong)settings.StoreCacheBytesMax);
        var families = new ColumnFamilies(Small(cache));
        foreach (var (name, use) in Described)
        {
            families.Add(name, use switch
            {
                Use.LookedUp => LookedUp(cache),
                Use.Scanned => Scanned(cache),
                _ => Small(cache),
            });
        }

        foreach (var name in Existing(directory).Except(Names).Where(n => n != ColumnFamilies.DefaultName))
        {
            families.Add(name, Small(cache));
        }

        return new RocksTables(RocksDb.Open(Whole(settings), directory, families), cache);
    }

    public void Dispose()
    {
        Database.Dispose();
        GC.KeepAlive(cache);
    }

    private static string[] Existing(string directory) =>
        File.Exists(Path.Combine(directory, "CURRENT")) && RocksDb.TryListColumnFamilies(new DbOptions(), directory, out var names) ? names : [];

    private static DbOptions Whole(SiloSettings settings)
    {
        var options = new DbOptions()
            .SetCreateIfMissing(true)
            .SetCreateMissingColumnFamilies(true)
            .SetDbWriteBufferSize((ulong)settings.StoreWriteBufferBytesMax)
            .SetMaxTotalWalSize((ulong)settings.StoreLogBytesMax)
            .SetMaxOpenFiles(OpenFilesMax)
            .IncreaseParallelism(Math.Clamp(Environment.ProcessorCount, 2, 8))
            .SetBytesPerSync(1 << 20)
            .SetInfoLogLevel(InfoLogLevel.Warn)
            .SetMaxLogFileSize(4 << 20)
            .SetKeepLogFileNum(2)
            .SetStatsDumpPeriodSec(0);
        return options;
    }

    private static ColumnFamilyOptions LookedUp(Cache cache)
    {
        var options = Common(Tables(cache).SetFilterPolicy(BloomFilterPolicy.Create(FilterBitsPerKey, false)))
            .SetWriteBufferSize(BigWriteBufferBytes)
            .SetMemtablePrefixBloomSizeRatio(0.05);

        // Ids of new files are looked for in vain: this lets the write buffers answer "no" as the filters of the files do.
        Native.Instance.rocksdb_options_set_memtable_whole_key_filtering(options.Handle, 1);
        return options;
    }

    private static ColumnFamilyOptions Scanned(Cache cache) => Common(Tables(cache)).SetWriteBufferSize(BigWriteBufferBytes);

    private static ColumnFamilyOptions Small(Cache cache) => Common(Tables(cache)).SetWriteBufferSize(SmallWriteBufferBytes);

    private static ColumnFamilyOptions Common(BlockBasedTableOptions tables) =>
        new ColumnFamilyOptions()
            .SetBlockBasedTableFactory(tables)
            .SetCompression(Compression.Lz4)
            .SetLevelCompactionDynamicLevelBytes(true)
            .SetMaxWriteBufferNumber(3);

    private static BlockBasedTableOptions Tables(Cache cache) =>
        new BlockBasedTableOptions()
            .SetBlockCache(cache)
            .SetBlockSize(BlockBytes)
            .SetCacheIndexAndFilterBlocks(true)
            .SetPinL0FilterAndIndexBlocksInCache(true)
            .SetFormatVersion(5);
}
