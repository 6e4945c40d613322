using System.Collections.Concurrent;
using System.Diagnostics;
using EventGrains.Files;
using EventGrains.LoadTest.Generator;

namespace EventGrains.LoadTest.Limits;

/// <summary>The limit that the product is measured against: two threads, no actor, no HTTP, no rule, one shard, states merged in place.</summary>
/// <remarks>
/// One thread reads and parses; the other loads old states, merges, and commits in batches the full set of rows, in the product's
/// own encoding, fsynced: states, id and path index, transitions, intents written and deleted, dataset counts, position.
/// </remarks>
internal sealed class BareLoop(IBareRows rows)
{
    public const int BatchEvents = 5_000;
    public const int FilesCachedMax = 50_000;
    private const int BatchesAheadMax = 4;

    private readonly FileCache _cache = new(FilesCachedMax);
    private readonly List<BareFile> _missing = [];
    private readonly List<BareFile> _touched = [];
    private long _nextNumber;
    private long _batch;

    /// <summary>Events per second until all are durable.</summary>
    /// <param name="rows">Of an empty store.</param>
    public static async Task<double> Run(Corpus corpus, IBareRows rows)
    {
        var loop = new BareLoop(rows);
        using var parsed = new BlockingCollection<BareRecord[]>(BatchesAheadMax);
        using var free = new BlockingCollection<BareRecord[]>();
        var clock = Stopwatch.StartNew();
        var parsing = Task.Factory.StartNew(() => Parse(corpus.Path, parsed, free), TaskCreationOptions.LongRunning);
        var applying = Task.Factory.StartNew(() => loop.Apply(parsed, free), TaskCreationOptions.LongRunning);
        await Task.WhenAll(parsing, applying);
        return corpus.Workload.Events / clock.Elapsed.TotalSeconds;
    }

    private static void Parse(string path, BlockingCollection<BareRecord[]> parsed, BlockingCollection<BareRecord[]> free)
    {
        var pools = new PoolNames();
        using var lines = new LineReader(path);
        var batch = new BareRecord[BatchEvents];
        var read = 0;
        while (lines.TryRead(out var line))
        {
            batch[read++] = BareRecord.Read(line, pools);
            if (read == BatchEvents)
            {
                parsed.Add(batch);
                (batch, read) = (free.TryTake(out var used) ? used : new BareRecord[BatchEvents], 0);
            }
        }

        // A record of no file says nothing.
        Array.Clear(batch, read, BatchEvents - read);
        parsed.Add(batch);
        parsed.CompleteAdding();
    }

    private void Apply(BlockingCollection<BareRecord[]> parsed, BlockingCollection<BareRecord[]> free)
    {
        var files = new BareFile?[BatchEvents];
        foreach (var batch in parsed.GetConsumingEnumerable())
        {
            Load(batch, files);
            var now = DateTime.UtcNow;
            for (var i = 0; i < batch.Length; i++)
            {
                if (files[i] is { } file)
                {
                    Merge(file, batch[i], now);
                }
            }

            rows.Commit(_touched, ++_batch * BatchEvents, now);
            _touched.Clear();
            _cache.Trim();
            free.Add(batch);
        }
    }

    /// <summary>The file of each record that proves anything; the rows of those not held come from the store, all at once.</summary>
    private void Load(BareRecord[] batch, BareFile?[] files)
    {
        _missing.Clear();
        for (var i = 0; i < batch.Length; i++)
        {
            files[i] = null;
            if (batch[i].Native is { } native && batch[i].Code == 0)
            {
                files[i] = _cache.Get(native, out var isMissing);
                if (isMissing)
                {
                    _missing.Add(files[i]!);
                }
            }
        }

        rows.Load(_missing, ref _nextNumber);
    }

    private void Merge(BareFile file, in BareRecord record, DateTime now)
    {
        var (status, size, version) = (StatusOf(file), file.Size ?? 0, file.Version);
        var changes = file.Merge(record);
        if (changes.Row && file.Batch != _batch)
        {
            file.Batch = _batch;
            _touched.Add(file);
        }

        if (!changes.Value)
        {
            return;
        }

        if (file.Dataset is { } dataset)
        {
            rows.Count(dataset, status, -1, -size, now);
            rows.Count(dataset, StatusOf(file), +1, file.Size ?? 0, now);
        }
        else if (file.Path is { } path)
        {
            file.Dataset = DatasetOf(path);
            rows.Count(file.Dataset, StatusOf(file), +1, file.Size ?? 0, now);
        }

        if (version == 0 && file.Path?.Contains("/calib", StringComparison.Ordinal) == true)
        {
            rows.OpenIntent(file, now);
        }

        rows.Transition(file, record, now);
    }

    private static FileStatus StatusOf(BareFile file) => file.IsDeleted ? FileStatus.Deleted : FileStatus.Stored;

    private static readonly string[] Datasets = [.. Enumerable.Range(0, 10).Select(n => $"exp{n}")];

    // "/data/expN/...": the digit alone tells.
    private static string DatasetOf(string path) => Datasets[path[9] - '0'];
}
