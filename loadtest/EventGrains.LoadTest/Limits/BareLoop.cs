using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using EventGrains.Events;
using EventGrains.Files;
using EventGrains.LoadTest.Generator;
using EventGrains.Silo.Store;

namespace EventGrains.LoadTest.Limits;

/// <summary>The limit that the product is measured against: two threads, no actor, no HTTP, no rule.</summary>
/// <remarks>
/// One thread reads and parses; the other loads old states, merges, and commits in batches the full set of rows, in the product's
/// own encoding, fsynced: states, id and path index, transitions, intents written and deleted, dataset counts, position.
/// </remarks>
internal sealed class BareLoop
{
    public const int BatchEvents = 5_000;
    public const int FilesCachedMax = 50_000;
    private const int BatchesAheadMax = 4;
    private const string Storage = "dcache";

    private readonly IStore _store;
    private readonly FileCache _cache = new(FilesCachedMax);
    private readonly Dictionary<string, DatasetDelta> _datasets = new(StringComparer.Ordinal);
    private List<Intent> _open = [];
    private readonly ShardOwnership _shard;
    private long _nextNumber;
    private long _batch;

    private BareLoop(IStore store, ShardOwnership shard)
    {
        (_store, _shard, _nextNumber) = (store, shard, shard.NextFileNumber);
    }

    /// <summary>Events per second until all are durable.</summary>
    /// <param name="store">An empty store with one shard.</param>
    public static async Task<double> Run(Corpus corpus, IStore store)
    {
        var loop = new BareLoop(store, await store.TakeOver(0));
        using var parsed = new BlockingCollection<List<StorageEvent>>(BatchesAheadMax);
        var clock = Stopwatch.StartNew();
        var parsing = Task.Factory.StartNew(() => Parse(corpus.Path, parsed), TaskCreationOptions.LongRunning);
        var applying = Task.Factory.StartNew(() => loop.Apply(parsed), TaskCreationOptions.LongRunning);
        await Task.WhenAll(parsing, applying);
        return corpus.Workload.Events / clock.Elapsed.TotalSeconds;
    }

    private static void Parse(string path, BlockingCollection<List<StorageEvent>> parsed)
    {
        var pools = new PoolNames();
        using var lines = new LineReader(path);
        var batch = new List<StorageEvent>(BatchEvents);
        for (var read = 1; lines.TryRead(out var line); read++)
        {
            if (BareFacts.Of(BareRecord.Read(line, pools), Storage) is { } @event)
            {
                batch.Add(@event);
            }

            if (read % BatchEvents == 0)
            {
                parsed.Add(batch);
                batch = new List<StorageEvent>(BatchEvents);
            }
        }

        parsed.Add(batch);
        parsed.CompleteAdding();
    }

    private void Apply(BlockingCollection<List<StorageEvent>> parsed)
    {
        foreach (var batch in parsed.GetConsumingEnumerable())
        {
            var files = Load(batch);
            var outcome = _store.Commit([Merge(batch, files)]).GetAwaiter().GetResult();
            if (!outcome.Committed[0])
            {
                throw new InvalidOperationException("the store refused the bare loop's commit");
            }

            _batch++;
            _cache.Trim();
        }
    }

    /// <summary>The file of each event; the states of those not held come from the store, all at once.</summary>
    private KnownFile[] Load(List<StorageEvent> batch)
    {
        var files = new KnownFile[batch.Count];
        var missing = new List<KnownFile>();
        for (var i = 0; i < files.Length; i++)
        {
            files[i] = _cache.Get(batch[i].File, out var isMissing);
            if (isMissing)
            {
                missing.Add(files[i]);
            }
        }

        var loaded = _store.Load(0, missing.ConvertAll(file => file.Id)).GetAwaiter().GetResult();
        for (var i = 0; i < missing.Count; i++)
        {
            missing[i].IsNew = loaded[i] is null;
            missing[i].State = loaded[i] ?? FileState.New(missing[i].Id, _nextNumber++);
        }

        return files;
    }

    private ChangeSet Merge(List<StorageEvent> batch, KnownFile[] files)
    {
        var now = DateTime.UtcNow;
        var changes = new ChangeSet(0, _shard.Epoch);
        _datasets.Clear();
        changes.Intents.AddRange(_open.Select(intent => new IntentChange(intent, Remove: true)));
        _open = [];
        for (var i = 0; i < files.Length; i++)
        {
            var (file, before) = (files[i], files[i].State);
            var facts = FileFacts.Join(before.Facts, batch[i].Says);
            if (ReferenceEquals(facts, before.Facts))
            {
                continue;
            }

            var after = before with
            {
                Facts = facts,
                Version = before.Version + 1,
                UpdatedAt = now,
                Datasets = before.Datasets.IsEmpty && facts.Path.Value is { } path ? [Dataset(path)] : before.Datasets,
            };
            file.State = after;
            if (file.Batch == _batch)
            {
                changes.Files[file.Place] = changes.Files[file.Place] with { After = after };
            }
            else
            {
                (file.Batch, file.Place) = (_batch, changes.Files.Count);
                changes.Files.Add(new FileChange(after, before.Facts.Path.Value, file.IsNew));
                file.IsNew = false;
            }

            Tell(changes, before, after, batch[i], now);
        }

        changes.Datasets.AddRange(_datasets.Values);
        changes.Positions.Add(new PositionRow(0, "bare", "0", 1, 1, _batch * BatchEvents, null));
        return changes;
    }

    private void Tell(ChangeSet changes, FileState before, FileState after, StorageEvent @event, DateTime now)
    {
        var (was, summary) = (FileSummary.Of(before), FileSummary.Of(after));
        changes.Transitions.Add(new Transition
        {
            Id = after.Id,
            Path = after.Facts.Path.Value,
            Version = after.Version,
            Kind = TransitionKind.Stored,
            Changes = Changed,
            Status = summary.Status,
            Existence = summary.Existence,
            Locality = summary.Locality,
            Size = after.Facts.Size.Bytes,
            At = now,
            Cause = new Cause("bare", "0", null, @event.Type),
            Datasets = after.Datasets,
        });
        if (after.Datasets is [var name])
        {
            Count(name, before, was, after, summary, now);
        }

        if (before.Version == 0 && after.Facts.Path.Value?.Contains("/calib", StringComparison.Ordinal) == true)
        {
            var intent = new Intent(after.Id, after.Number, new StepKey("calibrate", "0", 0, default), "noop", null, now, 0, false);
            changes.Intents.Add(new IntentChange(intent, Remove: false));
            _open.Add(intent);
        }
    }

    private void Count(string name, FileState before, in FileSummary was, FileState after, in FileSummary summary, DateTime now)
    {
        var delta = _datasets.GetValueOrDefault(name) ?? new DatasetDelta(name, 0, 0, new long[Enum.GetValues<FileStatus>().Length], now);
        var isNew = before.Datasets.IsEmpty;
        delta.Counts[(int)summary.Status]++;
        delta.Counts[(int)was.Status] -= isNew ? 0 : 1;
        var bytes = (after.Facts.Size.Bytes ?? 0) - (isNew ? 0 : before.Facts.Size.Bytes ?? 0);
        _datasets[name] = delta with { Files = delta.Files + (isNew ? 1 : 0), Bytes = delta.Bytes + bytes };
    }

    private static readonly ImmutableArray<TransitionKind> Changed = [TransitionKind.Stored];

    private static readonly string[] Datasets = [.. Enumerable.Range(0, 10).Select(n => $"exp{n}")];

    // "/data/expN/...": the digit alone tells.
    private static string Dataset(string path) => Datasets[path[9] - '0'];
}
