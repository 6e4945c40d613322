using EventGrains.Contracts.Status;
using EventGrains.Contracts.Shards;
using EventGrains.Contracts.Datasets;
using EventGrains.Contracts.Files;
using EventGrains.Contracts.Sources;
using EventGrains.Contracts.Transitions;
using EventGrains.Files;
using EventGrains.Silo.Store;

namespace EventGrains.Tests.Sources;

/// <summary>The part of the store that sources use, in memory: partitions with their epochs, and files for look-ups.</summary>
internal sealed class PartitionStore(ShardModel[] shards) : IStore
{
    private readonly object gate = new();
    private readonly Dictionary<string, PartitionRow> partitions = new(StringComparer.Ordinal);

    public Dictionary<FileId, FileState> Files { get; } = [];

    /// <summary>A page of files is listed when this has ended.</summary>
    public Func<Task> BeforeList { get; set; } = () => Task.CompletedTask;

    /// <summary>Files are looked up by this path when this has returned.</summary>
    public Action<string> BeforeFind { get; set; } = _ => { };

    /// <summary>Files are loaded when this has returned.</summary>
    public Action BeforeLoad { get; set; } = () => { };

    public int Shards => shards.Length;

    public int History => 1;

    public Task<IReadOnlyList<PositionRow>> ReadPositions(string source, string partition, CancellationToken ct = default)
    {
        lock (gate)
        {
            return Task.FromResult<IReadOnlyList<PositionRow>>(shards
                .Select((s, i) => new PositionRow(i, source, partition, 0, s.Durable.Generation, s.Durable.Position, s.Check))
                .Where(r => r.Generation > 0)
                .ToArray());
        }
    }

    public Task<PartitionRow> ClaimPartition(string source, string partition, CancellationToken ct = default)
    {
        lock (gate)
        {
            var row = partitions.TryGetValue(partition, out var kept) ? kept : new PartitionRow(source, partition, 0, 0, "");
            return Task.FromResult(partitions[partition] = row with { ReaderEpoch = row.ReaderEpoch + 1 });
        }
    }

    public Task<bool> SavePartition(PartitionRow row, CancellationToken ct = default)
    {
        lock (gate)
        {
            if (partitions[row.Partition].ReaderEpoch != row.ReaderEpoch)
            {
                return Task.FromResult(false);
            }

            partitions[row.Partition] = row;
            return Task.FromResult(true);
        }
    }

    public Task<IReadOnlyList<PartitionRow>> ReadPartitions(string source, CancellationToken ct = default)
    {
        lock (gate)
        {
            return Task.FromResult<IReadOnlyList<PartitionRow>>([.. partitions.Values]);
        }
    }

    public Task<FileState?[]> Load(int shard, IReadOnlyList<FileId> ids, CancellationToken ct = default)
    {
        BeforeLoad();
        lock (Files)
        {
            return Task.FromResult(ids.Select(id => Files.GetValueOrDefault(id)).ToArray());
        }
    }

    public Task<FileState?> Find(FileId id, CancellationToken ct = default)
    {
        lock (Files)
        {
            return Task.FromResult(Files.GetValueOrDefault(id));
        }
    }

    public Task<IReadOnlyList<FileState>> FindByPath(string storage, string path, int limit, CancellationToken ct = default)
    {
        BeforeFind(path);
        lock (Files)
        {
            return Task.FromResult<IReadOnlyList<FileState>>(
                [.. Files.Values.Where(f => f.Id.Storage == storage && f.Facts.Path.Value == path).Take(limit)]);
        }
    }

    /// <summary>Two rows a page, so that whoever pages must really page.</summary>
    public async Task<FilePage> List(FileQuery query, CancellationToken ct = default)
    {
        await BeforeList();
        lock (Files)
        {
            var rows = Files.Values
                .Where(f => (query.Storage is null || f.Id.Storage == query.Storage) && string.CompareOrdinal(f.Id.ToString(), query.After) > 0)
                .OrderBy(f => f.Id.ToString(), StringComparer.Ordinal)
                .Take(2)
                .ToArray();
            return new FilePage(rows, rows.Length < 2 ? null : rows[^1].Id.ToString());
        }
    }

    public Task<ShardOwnership> TakeOver(int shard, CancellationToken ct = default) => throw new NotSupportedException();

    public Task<CommitOutcome> Commit(IReadOnlyList<ChangeSet> changeSets, CancellationToken ct = default) => throw new NotSupportedException();

    public Task Recover(CancellationToken ct = default) => throw new NotSupportedException();

    public Task<AliasRow?> FindAlias(int shard, string storage, string path, CancellationToken ct = default) => throw new NotSupportedException();

    public Task<TransitionPage> ReadLog(Cursor after, int max, CancellationToken ct = default) => throw new NotSupportedException();

    public Task<LogEnds> ReadLogEnds(CancellationToken ct = default) => throw new NotSupportedException();

    public Task<IReadOnlyList<LoggedTransition>> ReadHistory(FileId id, int after, int limit, CancellationToken ct = default) => throw new NotSupportedException();

    public Task<IntentPage> ReadIntents(int shard, string? after, int limit, CancellationToken ct = default) => throw new NotSupportedException();

    public Task<IReadOnlyList<DatasetCounts>> ReadDatasets(string? after, int limit, string? only = null, CancellationToken ct = default) => throw new NotSupportedException();

    public Task<DatasetRecount> Recount(string name, CancellationToken ct = default) => throw new NotSupportedException();

    public Task<DeadLetter?> FindDeadLetter(string id, CancellationToken ct = default) => throw new NotSupportedException("sources do not read dead letters");

    public Task<DeadLetterPage> ReadDeadLetters(string? after, int limit, CancellationToken ct = default) => throw new NotSupportedException();


    public Task SaveRule(string name, string generation, string specJson, CancellationToken ct = default) => throw new NotSupportedException();

    public Task<string?> ReadRule(string name, string generation, CancellationToken ct = default) => throw new NotSupportedException();

    public Task<long> PruneLog(long keep, CancellationToken ct = default) => throw new NotSupportedException();

    public Task<IReadOnlyList<ShardOwner>> ReadShards(CancellationToken ct = default) => throw new NotSupportedException();

    public Task<StoreFigures> ReadFigures(CancellationToken ct = default) => throw new NotSupportedException();

    public Task<GrainRow?> ReadGrain(string key, CancellationToken ct = default) => throw new NotSupportedException();

    public Task<bool> WriteGrain(string key, byte[]? state, long expectedVersion, CancellationToken ct = default) => throw new NotSupportedException();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
