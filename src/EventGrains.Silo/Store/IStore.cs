using EventGrains.Contracts.Sources;
using EventGrains.Contracts.Datasets;
using EventGrains.Contracts.Files;
using EventGrains.Contracts.Shards;
using EventGrains.Contracts.Status;
using EventGrains.Contracts.Transitions;
using EventGrains.Files;

namespace EventGrains.Silo.Store;

/// <summary>The one port: where states, transitions, intents, counts and positions are kept, and committed together or not at all.</summary>
/// <remarks>
/// Shaped for a database across a network: loads and commits in bulk, no callback within a transaction, no iteration that holds one
/// open. Calls may come from many threads, except that <see cref="Commit"/> and <see cref="Recover"/> come from one (the silo's
/// committer). Reads see durable state only. The promise tests in <c>tests/</c> are the contract; each implementation passes them.
/// </remarks>
public interface IStore : IAsyncDisposable
{
    /// <summary>How many shards the store was created with; fixed for ever.</summary>
    int Shards { get; }

    /// <summary>Which life of the store this is; part of every cursor.</summary>
    int History { get; }

    /// <summary>What an operator does when the store fails; the end of a sentence.</summary>
    string Remedy => "free space or mend the disk under the data directory; it resumes by itself";

    /// <summary>Told the commit index when a commit is durable that another silo may have made: who waits at the end of the log looks again. Own commits may be told too.</summary>
    event Action<long>? Committed
    {
        add { }
        remove { }
    }

    /// <summary>Takes a shard over: a new, durable epoch, so that any commit of an earlier owner is refused from now on.</summary>
    Task<ShardOwnership> TakeOver(int shard, CancellationToken ct = default);

    /// <summary>Loads states of one shard by id; the answer has one place per id, null where the store has no row.</summary>
    Task<FileState?[]> Load(int shard, IReadOnlyList<FileId> ids, CancellationToken ct = default);

    /// <summary>Writes change sets in their order, in one durable commit (fsync included) with the next commit index.</summary>
    /// <remarks>
    /// A change set of an epoch that is no longer its shard's is refused alone; the others go on. Throws when the outcome is a
    /// failure or unknown: then call <see cref="Recover"/>, and each shard takes itself over again before it goes on. Throws
    /// <see cref="RowRefusedException"/> when a row cannot be written: nothing is written, and the store is as it was.
    /// </remarks>
    Task<CommitOutcome> Commit(IReadOnlyList<ChangeSet> changeSets, CancellationToken ct = default);

    /// <summary>After a failed commit: makes the store fit to commit again (reopens it), or throws with what stands in the way.</summary>
    Task Recover(CancellationToken ct = default);

    /// <summary>The durable state of one file; null where there is no row.</summary>
    Task<FileState?> Find(FileId id, CancellationToken ct = default);

    /// <summary>Files known under a path of a storage, at most <paramref name="limit"/>, live ones first, then newest first.</summary>
    Task<IReadOnlyList<FileState>> FindByPath(string storage, string path, int limit, CancellationToken ct = default);

    /// <summary>A page of files; see <see cref="FileQuery"/>. Looks at no more than a bound of rows per page.</summary>
    Task<FilePage> List(FileQuery query, CancellationToken ct = default);

    /// <summary>Where a replica storage's path leads; null when no copy of ours was ever published or announced there.</summary>
    Task<AliasRow?> FindAlias(int shard, string storage, string path, CancellationToken ct = default);

    /// <summary>
    /// Transitions after a cursor in commit order, at most <paramref name="max"/>; says so when the cursor is older than what is kept.
    /// Fewer than <paramref name="max"/> are all that there are at present: whoever reads the past by this knows that it has come to its end.
    /// </summary>
    Task<TransitionPage> ReadLog(Cursor after, int max, CancellationToken ct = default);

    Task<LogEnds> ReadLogEnds(CancellationToken ct = default);

    /// <summary>One file's transitions by version, after a version.</summary>
    Task<IReadOnlyList<LoggedTransition>> ReadHistory(FileId id, int after, int limit, CancellationToken ct = default);

    /// <summary>Intents of one shard in key order, after a key of the same order (null for the first).</summary>
    Task<IntentPage> ReadIntents(int shard, string? after, int limit, CancellationToken ct = default);

    /// <summary>Sums over the shards, in the order of names after a name; or the one named exactly, when <paramref name="only"/> is set.</summary>
    Task<IReadOnlyList<DatasetCounts>> ReadDatasets(string? after, int limit, string? only = null, CancellationToken ct = default);

    /// <summary>The kept sums of a dataset and a count over all rows, at one commit index.</summary>
    Task<DatasetRecount> Recount(string name, CancellationToken ct = default);

    /// <summary>All shards' durable positions in one partition.</summary>
    Task<IReadOnlyList<PositionRow>> ReadPositions(string source, string partition, CancellationToken ct = default);

    /// <summary>Makes the caller the partition's reader: a new, durable epoch. The row may not exist yet.</summary>
    Task<PartitionRow> ClaimPartition(string source, string partition, CancellationToken ct = default);

    /// <summary>Writes a partition's row if its epoch is still the row's; false when a newer reader owns it.</summary>
    Task<bool> SavePartition(PartitionRow row, CancellationToken ct = default);

    /// <summary>All partitions of a source that were ever claimed.</summary>
    Task<IReadOnlyList<PartitionRow>> ReadPartitions(string source, CancellationToken ct = default);

    Task<DeadLetterPage> ReadDeadLetters(string? after, int limit, CancellationToken ct = default);

    /// <summary>The dead letter of an id as <see cref="DeadLetter.Id"/> writes it; null where there is none.</summary>
    Task<DeadLetter?> FindDeadLetter(string id, CancellationToken ct = default);

    /// <summary>Definitions by name and generation, kept so that a step can end under the rule that opened it. Idempotent.</summary>
    Task SaveRule(string name, string generation, string specJson, CancellationToken ct = default);

    Task<string?> ReadRule(string name, string generation, CancellationToken ct = default);

    /// <summary>Drops transitions, oldest first, until at most <paramref name="keep"/> are left; answers how many it dropped.</summary>
    Task<long> PruneLog(long keep, CancellationToken ct = default);

    /// <summary>Who owns each shard, and in which epoch, in the order of shards.</summary>
    Task<IReadOnlyList<ShardOwner>> ReadShards(CancellationToken ct = default);

    /// <summary>Sizes and counts for status and metrics; cheap.</summary>
    Task<StoreFigures> ReadFigures(CancellationToken ct = default);

    /// <summary>Low-rate grain states: read, and write with an expected version (0: not there). False on a version that is not the kept one.</summary>
    Task<GrainRow?> ReadGrain(string key, CancellationToken ct = default);

    Task<bool> WriteGrain(string key, byte[]? state, long expectedVersion, CancellationToken ct = default);
}

/// <param name="Epoch">Every change set of this owner carries it.</param>
/// <param name="NextFileNumber">The least number that no row of the shard has; shard in the high 16 bits.</param>
/// <param name="NextSequence">The shard's next transition has it: one more than its last durable one's, dropped or not; 1 where there was none.</param>
public sealed record ShardOwnership(int Shard, long Epoch, long NextFileNumber, IReadOnlyList<PositionRow> Positions, long NextSequence = 1);

public sealed record CommitOutcome(long CommitIndex, IReadOnlyList<bool> Committed);

/// <param name="Transitions">How many the log keeps now.</param>
public sealed record StoreFigures(StoreView View, long Files, long Transitions, long DeadLetters);

public sealed record GrainRow(byte[] State, long Version);
