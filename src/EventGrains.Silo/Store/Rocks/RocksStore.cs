using EventGrains.Contracts.Datasets;
using EventGrains.Contracts.Files;
using EventGrains.Contracts.Shards;
using EventGrains.Contracts.Sources;
using EventGrains.Contracts.Status;
using EventGrains.Contracts.Transitions;
using EventGrains.Files;
using EventGrains.Silo.Store.Rows;
using RocksDbSharp;

namespace EventGrains.Silo.Store.Rocks;

/// <summary>The embedded store: one RocksDB in one directory. A commit is one synced write of one batch over all tables.</summary>
/// <remarks>
/// Reads run on threads of the pool, at most <see cref="SiloSettings.StoreReadsMax"/> at once. <see cref="Commit"/> writes on its
/// caller's thread, which is the committer's own. RocksDB shows a batch only after its log was synced, so reads see durable state.
/// What is remembered in memory (epochs, totals, directory numbers, dataset counts) is changed by this process alone, which the
/// directory's lock makes sure of, and is read again after a failure.
/// </remarks>
internal sealed class RocksStore : IStore
{
    private readonly string directory;
    private readonly SiloSettings settings;
    private readonly ReadGate gate;
    private readonly WriteOptions synced = new WriteOptions().SetSync(true);

    // Commits and takeovers; rows that are compared before they are written; pruning. None is taken within another.
    private readonly Lock committing = new();
    private readonly Lock comparing = new();
    private readonly Lock pruning = new();

    /// <summary>Shards of a commit that failed: whether it is durable is known only once they have loaded again.</summary>
    private readonly HashSet<int> doubtful = [];

    private OpenStore? opened;
    private string? failure;
    private bool isClosed;

    private RocksStore(string directory, SiloSettings settings)
    {
        this.directory = directory;
        this.settings = settings;
        gate = new ReadGate(settings.StoreReadsMax);
        opened = OpenAgain();
        (Shards, History) = (opened.Shards, opened.History);
    }

    public int Shards { get; }

    public int History { get; }

    /// <summary>Opens the store in a directory of its own, or creates it there with <see cref="SiloSettings.Shards"/>; a store that exists keeps its own.</summary>
    /// <exception cref="StoreUnusableException">In use, newer, damaged, not writable, or no store; the message says which, and what to do.</exception>
    public static RocksStore Open(string directory, SiloSettings settings)
    {
        NativeMemory.KeepTogether();
        return new RocksStore(Path.GetFullPath(directory), settings);
    }

    public Task<CommitOutcome> Commit(IReadOnlyList<ChangeSet> changeSets, CancellationToken ct = default)
    {
        lock (committing)
        {
            ThrowIfFailed();
            var now = Now;
            var takes = new bool[changeSets.Count];
            var writes = false;
            for (var i = 0; i < takes.Length; i++)
            {
                takes[i] = now.IsOwnersOf(changeSets[i]);
                writes |= takes[i] && !changeSets[i].IsEmpty;
            }

            if (writes)
            {
                Write(now, changeSets, takes);
            }

            return Task.FromResult(new CommitOutcome(now.Totals.CommitIndex, takes));
        }
    }

    public Task Recover(CancellationToken ct = default) => Recover(onlyIfFailed: false, ct);

    public Task<ShardOwnership> TakeOver(int shard, CancellationToken ct = default) => Write(
        now =>
        {
            ArgumentOutOfRangeException.ThrowIfNegative(shard);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(shard, now.Shards);
            lock (committing)
            {
                var ownership = now.TakeOver(shard, synced);
                doubtful.Remove(shard);
                return ownership;
            }
        },
        ct);

    public Task<FileState?[]> Load(int shard, IReadOnlyList<FileId> ids, CancellationToken ct = default) =>
        Read(now => FileReads.Load(now.Tables, shard, ids), ct);

    public Task<FileState?> Find(FileId id, CancellationToken ct = default) =>
        Read(now => FileReads.Load(now.Tables, id.ShardOf(now.Shards), [id])[0], ct);

    public Task<IReadOnlyList<FileState>> FindByPath(string storage, string path, int limit, CancellationToken ct = default) =>
        Read<IReadOnlyList<FileState>>(now => FileReads.ByPath(now.Tables, now.Shards, storage, path, limit, settings.ListRowsScannedMax), ct);

    public Task<FilePage> List(FileQuery query, CancellationToken ct = default) =>
        Read(now => new FileListing(now.Tables, now.Shards, settings.ListRowsScannedMax).List(query), ct);

    public Task<AliasRow?> FindAlias(int shard, string storage, string path, CancellationToken ct = default) => Read(
        now => now.Tables.Database.Get(new RowWriter().Alias(shard, storage, path).Written, now.Tables.Aliases) is { } bytes
            ? AliasEncoding.Read(bytes, storage, path)
            : null,
        ct);

    public Task<TransitionPage> ReadLog(Cursor after, int max, CancellationToken ct = default) =>
        Read(now => now.Recent.Read(after, max) ?? LogReads.Read(now.Tables, now.History, after, max), ct);

    public Task<LogEnds> ReadLogEnds(CancellationToken ct = default) =>
        Read(now => LogReads.Ends(now.Tables, now.History), ct);

    public Task<IReadOnlyList<LoggedTransition>> ReadHistory(FileId id, int after, int limit, CancellationToken ct = default) =>
        Read<IReadOnlyList<LoggedTransition>>(
            now => FileReads.NumberOf(now.Tables, id.ShardOf(now.Shards), id) is { } number
                ? LogReads.FileHistory(now.Tables, now.History, number, after, limit)
                : [],
            ct);

    public Task<IntentPage> ReadIntents(int shard, string? after, int limit, CancellationToken ct = default) =>
        Read(now => IntentReads.Read(now.Tables, shard, after, limit), ct);

    public Task<IReadOnlyList<DatasetCounts>> ReadDatasets(string? after, int limit, string? only = null, CancellationToken ct = default) =>
        Read<IReadOnlyList<DatasetCounts>>(
            now => only is null ? DatasetReads.List(now.Tables, after, limit) : DatasetReads.Get(now.Tables, only) is { } one ? [one] : [],
            ct);

    public Task<DatasetRecount> Recount(string name, CancellationToken ct = default) =>
        Read(now => DatasetReads.Recount(now.Tables, name), ct);

    public Task<IReadOnlyList<PositionRow>> ReadPositions(string source, string partition, CancellationToken ct = default) =>
        Read<IReadOnlyList<PositionRow>>(now => SourceReads.PositionsIn(now.Tables, now.Shards, source, partition), ct);

    public Task<PartitionRow> ClaimPartition(string source, string partition, CancellationToken ct = default) => Write(
        now =>
        {
            lock (comparing)
            {
                return PartitionRows.Claim(now.Tables, source, partition, synced);
            }
        },
        ct);

    public Task<bool> SavePartition(PartitionRow row, CancellationToken ct = default) => Write(
        now =>
        {
            lock (comparing)
            {
                return PartitionRows.Save(now.Tables, row, synced);
            }
        },
        ct);

    public Task<IReadOnlyList<PartitionRow>> ReadPartitions(string source, CancellationToken ct = default) =>
        Read<IReadOnlyList<PartitionRow>>(now => PartitionRows.Of(now.Tables, source), ct);

    public Task<DeadLetterPage> ReadDeadLetters(string? after, int limit, CancellationToken ct = default) =>
        Read(now => SourceReads.DeadLetters(now.Tables, after, limit), ct);

    public Task<DeadLetter?> FindDeadLetter(string id, CancellationToken ct = default) =>
        Read(now => SourceReads.FindDeadLetter(now.Tables, id), ct);

    public Task SaveRule(string name, string generation, string specJson, CancellationToken ct = default) => Write(
        now =>
        {
            var value = new RowWriter();
            value.RawText(specJson);
            now.Tables.Database.Put(new RowWriter().Rule(name, generation).Written, value.Written, now.Tables.Rules, synced);
            return true;
        },
        ct);

    public Task<string?> ReadRule(string name, string generation, CancellationToken ct = default) => Read(
        now => now.Tables.Database.Get(new RowWriter().Rule(name, generation).Written, now.Tables.Rules) is { } bytes ? Wtf8.Decode(bytes) : null,
        ct);

    public Task<long> PruneLog(long keep, CancellationToken ct = default) => Read(
        now =>
        {
            lock (pruning)
            {
                var dropped = LogReads.Prune(now.Tables, keep);
                now.Recent.Prune(Meta.ReadPruned(now.Tables).Earliest(now.History));
                return dropped;
            }
        },
        ct);

    public Task<IReadOnlyList<ShardOwner>> ReadShards(CancellationToken ct = default) => Read<IReadOnlyList<ShardOwner>>(
        now => [.. Enumerable.Range(0, now.Shards).Select(shard => new ShardOwner(shard, null, Meta.ReadNumber(now.Tables, new RowWriter().EpochKey(shard))))],
        ct);

    public Task<StoreFigures> ReadFigures(CancellationToken ct = default) => Read(
        now =>
        {
            var totals = Meta.ReadTotals(now.Tables);
            var view = new StoreView("rocksdb", directory, BytesOnDisk(), totals.CommitIndex, Meta.Schema);
            return new StoreFigures(view, totals.Files, totals.Transitions - Meta.ReadPruned(now.Tables).Transitions, totals.DeadLetters);
        },
        ct);

    public Task<GrainRow?> ReadGrain(string key, CancellationToken ct = default) =>
        Read(now => GrainRows.Read(now.Tables, key), ct);

    public Task<bool> WriteGrain(string key, byte[]? state, long expectedVersion, CancellationToken ct = default) => Write(
        now =>
        {
            lock (comparing)
            {
                return GrainRows.Write(now.Tables, key, state, expectedVersion, synced);
            }
        },
        ct);

    /// <summary>Waits for the calls inside, then closes. Nothing durable is lost when this never runs.</summary>
    public async ValueTask DisposeAsync()
    {
        await gate.Alone(
            () =>
            {
                lock (committing)
                {
                    opened?.Dispose();
                    opened = null;
                    isClosed = true;
                    failure = "it was closed";
                }
            },
            CancellationToken.None);
    }

    private OpenStore Now => opened ?? throw new StoreAwayException($"the store in {directory} is not open: {failure}");

    private Task<T> Read<T>(Func<OpenStore, T> read, CancellationToken ct) => gate.Enter(() => read(Now), ct);

    /// <summary>A write outside commits. RocksDB that refused one refuses all until it is reopened, and perhaps no commit comes to find that out.</summary>
    private async Task<T> Write<T>(Func<OpenStore, T> write, CancellationToken ct)
    {
        // After a failed commit too: it may come back when the store is reopened, and nobody may take over and load before that.
        await Recover(onlyIfFailed: true, ct);
        try
        {
            return await Read(write, ct);
        }
        catch (RocksDbException e)
        {
            lock (committing)
            {
                failure = e.Message;
            }
        }

        await Recover(onlyIfFailed: true, ct);
        return await Read(write, ct);
    }

    private Task Recover(bool onlyIfFailed, CancellationToken ct)
    {
        if (onlyIfFailed && Volatile.Read(ref failure) is null)
        {
            return Task.CompletedTask;
        }

        return gate.Alone(
            () =>
            {
                lock (committing)
                {
                    if (isClosed || (onlyIfFailed && failure is null))
                    {
                        return;
                    }

                    opened?.Dispose();
                    opened = null;
                    opened = OpenAgain();
                    failure = null;
                }
            },
            ct);
    }

    private void Write(OpenStore now, IReadOnlyList<ChangeSet> changeSets, bool[] takes)
    {
        WriteBatch batch;
        Totals after;
        try
        {
            (batch, after) = now.Writer.Write(changeSets, takes, now.Totals);
        }
        catch
        {
            // Nothing was written: the next commit begins where this one did.
            now.Writer.Forget();
            throw;
        }

        try
        {
            now.Tables.Database.Write(batch, synced);
        }
        catch (RocksDbException e)
        {
            failure = e.Message;
            for (var i = 0; i < takes.Length; i++)
            {
                if (takes[i])
                {
                    doubtful.Add(changeSets[i].Shard);
                    now.Distrust(changeSets[i].Shard);
                }
            }

            throw new IOException($"the commit to the store in {directory} failed: {e.Message}", e);
        }

        now.Totals = after;
        var (transitions, runs) = now.Writer.Publish();
        now.Recent.Append(after.CommitIndex, transitions, runs);
    }

    private void ThrowIfFailed()
    {
        if (failure is not null)
        {
            throw new IOException($"the store in {directory} takes no commits until it has recovered: {failure}");
        }
    }

    private OpenStore OpenAgain()
    {
        try
        {
            var (tables, shards, history) = Opening.Open(directory, settings);
            var fresh = new OpenStore(tables, shards, history, settings);
            foreach (var shard in doubtful)
            {
                fresh.Distrust(shard);
            }

            return fresh;
        }
        catch (StoreUnusableException e)
        {
            failure = e.Message;
            throw;
        }
    }

    private long BytesOnDisk()
    {
        long bytes = 0;
        foreach (var file in new DirectoryInfo(directory).EnumerateFiles())
        {
            try
            {
                bytes += file.Length;
            }
            catch (FileNotFoundException)
            {
                // RocksDB deletes files that it has merged, also now.
            }
        }

        return bytes;
    }
}
