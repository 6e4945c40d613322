using EventGrains.Contracts.Datasets;
using EventGrains.Contracts.Files;
using EventGrains.Contracts.Shards;
using EventGrains.Contracts.Sources;
using EventGrains.Contracts.Status;
using EventGrains.Contracts.Transitions;
using EventGrains.Files;
using EventGrains.Silo.Cluster;
using Npgsql;

namespace EventGrains.Silo.Store.Postgres;

/// <summary>The cluster's store: one PostgreSQL database behind all silos.</summary>
/// <remarks>
/// Calls but for commits run on a bounded pool. One that fails because the database or the way to it is away is tried again for
/// <see cref="SiloSettings.StoreRetrySeconds"/>, then it throws <see cref="StoreAwayException"/>. All of them may be repeated: a claim
/// that took effect unheard costs an epoch. Commits are never repeated here: their shards start over.
/// </remarks>
internal sealed class PostgresStore : IStore
{
    private static readonly TimeSpan RetryFirst = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan RetryMax = TimeSpan.FromSeconds(1);

    private readonly PostgresConnections connections;
    private readonly PostgresPlace place;
    private readonly SiloSettings settings;
    private readonly TimeProvider time;
    private readonly CommitConnection commits;
    private readonly CommitNews news;
    private readonly FileLoads loads;
    private readonly FollowedLog followed;

    /// <summary>A recount reads every file: one at a time, on a connection of its own.</summary>
    private readonly SemaphoreSlim recounting = new(1);

    // What the last commit said that met a full disk; null once there is room again. Shards are not taken over meanwhile: what they were sent could not be kept.
    private volatile string? full;

    private PostgresStore(PostgresConnections connections, PostgresPlace place, SiloSettings settings, TimeProvider time, int shards, int history)
    {
        (this.connections, this.place, this.settings, this.time, Shards, History) = (connections, place, settings, time, shards, history);
        commits = new CommitConnection(connections);
        loads = new FileLoads(ids => Call(connection => FileReads.Load(connection, ids, default), default), TimeProvider.System);
        followed = new FollowedLog(
            settings.RecentTransitionsMax, ReadLogEnds, (after, max, ct) => Call(connection => LogReads.Read(connection, History, after, max, ct), ct), time);
        news = new CommitNews(connections, time, TellOf);
    }

    public int Shards { get; }

    public int History { get; }

    public string Remedy => place.Remedy;

    public event Action<long>? Committed;

    /// <exception cref="StoreUnusableException">Away, refused, newer, or another cluster's; the message says which, and what to do.</exception>
    public static async Task<PostgresStore> Open(SiloSettings settings, TimeProvider time, CancellationToken ct = default)
    {
        var place = PostgresPlace.Of(settings);
        var connections = new PostgresConnections(settings);
        try
        {
            var (shards, history) = await PostgresOpening.Open(connections, place, settings, time, ct);
            var store = new PostgresStore(connections, place, settings, time, shards, history);
            store.news.Start();
            return store;
        }
        catch
        {
            await connections.DisposeAsync();
            throw;
        }
    }

    public async Task<CommitOutcome> Commit(IReadOnlyList<ChangeSet> changeSets, CancellationToken ct = default)
    {
        try
        {
            return await commits.Commit(changeSets, ct);
        }
        catch (Exception failure) when (PostgresPlace.IsFull(failure))
        {
            full = failure.Message;
            throw;
        }
    }

    /// <exception cref="StoreAwayException">Its disk is still full: it can be read, and it would take nothing.</exception>
    public async Task Recover(CancellationToken ct = default)
    {
        await commits.Identity(ct);
        if (full is null)
        {
            return;
        }

        await using var connection = await connections.OpenPooled(ct);
        if (await Room.Lacks(connection, ct) is { } why)
        {
            full = why;
            throw HasNoRoom(why);
        }

        full = null;
    }

    public Task<ShardOwnership> TakeOver(int shard, CancellationToken ct = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(shard);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(shard, Shards);
        return full is { } why
            ? Task.FromException<ShardOwnership>(HasNoRoom(why))
            : Call(async connection => await Takeover.Of(connection, shard, await commits.Identity(ct), PostgresCluster.NameOf(settings), ct), ct);
    }

    public Task<FileState?[]> Load(int shard, IReadOnlyList<FileId> ids, CancellationToken ct = default) => loads.Load(ids).WaitAsync(ct);

    public async Task<FileState?> Find(FileId id, CancellationToken ct = default) =>
        (await Call(connection => FileReads.Load(connection, [id], ct), ct))[0];

    public Task<IReadOnlyList<FileState>> FindByPath(string storage, string path, int limit, CancellationToken ct = default) =>
        Call(connection => FileReads.ByPath(connection, storage, path, limit, settings.ListRowsScannedMax, ct), ct);

    public Task<FilePage> List(FileQuery query, CancellationToken ct = default) =>
        Call(connection => new FileListing(connection, settings.ListRowsScannedMax).List(query, ct), ct);

    public Task<AliasRow?> FindAlias(int shard, string storage, string path, CancellationToken ct = default) =>
        Call(connection => SourceReads.FindAlias(connection, shard, storage, path, ct), ct);

    public async Task<TransitionPage> ReadLog(Cursor after, int max, CancellationToken ct = default) =>
        await followed.Read(after, max, ct) ?? await Call(connection => LogReads.Read(connection, History, after, max, ct), ct);

    public Task<LogEnds> ReadLogEnds(CancellationToken ct = default) =>
        Call(async connection => (await LogReads.Head(connection, ct)).Ends(History), ct);

    public Task<IReadOnlyList<LoggedTransition>> ReadHistory(FileId id, int after, int limit, CancellationToken ct = default) =>
        Call(connection => LogReads.FileHistory(connection, History, id, after, limit, ct), ct);

    public Task<IntentPage> ReadIntents(int shard, string? after, int limit, CancellationToken ct = default) =>
        Call(connection => IntentReads.Read(connection, shard, after, limit, ct), ct);

    public Task<IReadOnlyList<DatasetCounts>> ReadDatasets(string? after, int limit, string? only = null, CancellationToken ct = default) =>
        Call(connection => DatasetReads.List(connection, after, limit, only, ct), ct);

    public async Task<DatasetRecount> Recount(string name, CancellationToken ct = default)
    {
        if (!await recounting.WaitAsync(TimeSpan.Zero, ct))
        {
            throw new StoreAwayException("files are being counted again for another dataset, which reads every file; ask again when that is done");
        }

        try
        {
            return await Call(connections.OpenAlone, connection => DatasetReads.Recount(connection, name, ct), ct);
        }
        finally
        {
            recounting.Release();
        }
    }

    public Task<IReadOnlyList<PositionRow>> ReadPositions(string source, string partition, CancellationToken ct = default) =>
        Call(connection => SourceReads.PositionsIn(connection, source, partition, ct), ct);

    public Task<PartitionRow> ClaimPartition(string source, string partition, CancellationToken ct = default) =>
        Call(connection => SourceReads.Claim(connection, source, partition, ct), ct);

    public Task<bool> SavePartition(PartitionRow row, CancellationToken ct = default) =>
        Call(connection => SourceReads.Save(connection, row, ct), ct);

    public Task<IReadOnlyList<PartitionRow>> ReadPartitions(string source, CancellationToken ct = default) =>
        Call(connection => SourceReads.Partitions(connection, source, ct), ct);

    public Task<DeadLetterPage> ReadDeadLetters(string? after, int limit, CancellationToken ct = default) =>
        Call(connection => DeadLetterReads.Page(connection, after, limit, ct), ct);

    public Task<DeadLetter?> FindDeadLetter(string id, CancellationToken ct = default) =>
        Call(connection => DeadLetterReads.Find(connection, id, ct), ct);

    public Task SaveRule(string name, string generation, string specJson, CancellationToken ct = default) => Call(
        connection => connection.Run(
            "insert into rules (name, generation, spec) values ($1, $2, $3) on conflict (name, generation) do update set spec = excluded.spec",
            ct,
            Hashes.Bytes(name),
            Hashes.Bytes(generation),
            Hashes.Bytes(specJson)),
        ct);

    public Task<string?> ReadRule(string name, string generation, CancellationToken ct = default) => Call(
        async connection => (await connection.Rows(
            r => Rows.Wtf8.Decode(r.Bytes(0)), "select spec from rules where name = $1 and generation = $2", ct, Hashes.Bytes(name), Hashes.Bytes(generation))).FirstOrDefault(),
        ct);

    public Task<long> PruneLog(long keep, CancellationToken ct = default) =>
        Call(connection => LogPruning.Prune(connection, keep, settings.DeadLettersKeptMax, ct), ct);

    public Task<IReadOnlyList<ShardOwner>> ReadShards(CancellationToken ct = default) => Call<IReadOnlyList<ShardOwner>>(
        async connection => await connection.Rows(
            r => new ShardOwner(r.GetInt32(0), r.IsDBNull(1) ? null : r.GetString(1), r.GetInt64(2), r.IsDBNull(3) ? null : r.GetDateTime(3)),
            "select shard, owner, epoch, case when taken_epoch = epoch then taken_at end from shards order by shard",
            ct),
        ct);

    public Task<StoreFigures> ReadFigures(CancellationToken ct = default) => Call(
        async connection => (await connection.Rows(
            r => new StoreFigures(
                new StoreView("postgresql", place.Name, r.GetInt64(0), r.GetInt64(1), r.GetInt32(5)), r.GetInt64(2), r.GetInt64(3), r.GetInt64(4)),
            """
            select pg_database_size(current_database()), index, (select coalesce(sum(files), 0)::bigint from shards), transitions - pruned,
                   (select count(*) from dead_letters), (select version from store) from log
            """,
            ct))[0],
        ct);

    public Task<GrainRow?> ReadGrain(string key, CancellationToken ct = default) => Call(
        async connection => (await connection.Rows(
            r => new GrainRow(r.Bytes(0), r.GetInt64(1)), "select state, version from grains where key = $1", ct, Hashes.Bytes(key))).FirstOrDefault(),
        ct);

    public Task<bool> WriteGrain(string key, byte[]? state, long expectedVersion, CancellationToken ct = default) =>
        Call(connection => GrainRows.Write(connection, key, state, expectedVersion, ct), ct);

    public async ValueTask DisposeAsync()
    {
        await news.DisposeAsync();
        followed.Dispose();
        await commits.DisposeAsync();
        recounting.Dispose();
        await connections.DisposeAsync();
    }

    /// <summary>Who follows the log finds in memory what he is told of.</summary>
    private async Task TellOf(long index, CancellationToken ct)
    {
        await followed.Advance(ct);
        Committed?.Invoke(index);
    }

    private StoreAwayException HasNoRoom(string why) => new($"the store in {place.Name} has no room: {why}");

    private Task<T> Call<T>(Func<NpgsqlConnection, Task<T>> call, CancellationToken ct) => Call(connections.OpenPooled, call, ct);

    private async Task<T> Call<T>(Func<CancellationToken, Task<NpgsqlConnection>> open, Func<NpgsqlConnection, Task<T>> call, CancellationToken ct)
    {
        var began = time.GetTimestamp();
        for (var wait = RetryFirst; ; wait = wait * 2 > RetryMax ? RetryMax : wait * 2)
        {
            try
            {
                await using var connection = await open(ct);
                return await call(connection);
            }
            catch (Exception failure) when (!ct.IsCancellationRequested && PostgresPlace.IsAway(failure))
            {
                if (time.GetElapsedTime(began).TotalSeconds + wait.TotalSeconds > settings.StoreRetrySeconds)
                {
                    throw PostgresPlace.IsFull(failure) ? HasNoRoom(failure.Message) : new StoreAwayException($"the store in {place.Name} does not answer: {failure.Message}");
                }
            }
            catch (Exception failure) when (place.Hopeless(failure) is { } reason)
            {
                // It was right when we started: a password or a right that was changed since.
                throw new StoreAwayException(reason);
            }

            await Task.Delay(wait, time, ct);
        }
    }
}
