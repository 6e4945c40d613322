using Npgsql;
using NpgsqlTypes;

namespace EventGrains.Silo.Store.Postgres;

/// <summary>The silo's one connection for commits, and who it is to the database: its shards' rows name it.</summary>
/// <remarks>
/// A commit is three messages: begin, lock the shards' rows in their order and look at their epochs; write the rows; take the next number
/// of the public order and commit. The last is one small message, so that the order's row, which all silos commit through, is never held
/// while the network is waited for. Numbers so have no holes, and who reads N has everything up to N. A commit without a transition takes a
/// number and leaves no row: there is nothing of it to read.
/// </remarks>
internal sealed class CommitConnection(PostgresConnections connections) : IAsyncDisposable
{
    /// <summary>Directories remembered to have their row; at the bound all are forgotten, and asked for anew.</summary>
    private const int DirectoriesKnownMax = 200_000;

    private readonly SemaphoreSlim opening = new(1);
    private readonly HashSet<(int Shard, long Hash)> directoriesKnown = [];
    private readonly CommitRows rows = new();
    private NpgsqlConnection? open;
    private PreparedBatch? begin;
    private CommitStatements? statements;
    private PreparedBatch? finish;
    private Backend backend;

    /// <summary>The connection's backend; opens it when it is not open.</summary>
    public async Task<Backend> Identity(CancellationToken ct)
    {
        await Open(ct);
        return backend;
    }

    public async Task<CommitOutcome> Commit(IReadOnlyList<ChangeSet> changeSets, CancellationToken ct)
    {
        var connection = await Open(ct);
        try
        {
            var (takes, header, isNamed) = await Begin(changeSets, ct);
            if (!isNamed)
            {
                await connection.Run("rollback", ct);
                await Name(connection, changeSets, ct);
                (takes, header, _) = await Begin(changeSets, ct);
            }

            rows.Gather(changeSets, takes);
            if (rows.Shards.Count == 0)
            {
                await connection.Run("rollback", ct);
                return new CommitOutcome(header.Index, takes);
            }

            var fresh = rows.Directories.Keys.Where(d => !directoriesKnown.Contains(d)).ToList();
            await WriteRows(connection, header, fresh, ct);
            var index = await Finish(header, ct);
            Remember(fresh);
            return new CommitOutcome(index, takes);
        }
        catch (RowRefusedException)
        {
            await connection.Run("rollback", ct);
            throw;
        }
        catch (PostgresException refused) when (PostgresPlace.IsRefusal(refused))
        {
            await connection.Run("rollback", ct);
            throw await Culprit(connection, changeSets, ct) is { } shard ? new RowRefusedException(shard, null, refused) : refused;
        }
        catch
        {
            // Refused, or not known: whoever takes the shards over finds out, since it waits for the rows' locks.
            await Close();
            throw;
        }
    }

    /// <summary>Whose rows the database refuses also when they are written alone; nothing of it stays.</summary>
    private async Task<int?> Culprit(NpgsqlConnection connection, IReadOnlyList<ChangeSet> changeSets, CancellationToken ct)
    {
        foreach (var ofShard in changeSets.GroupBy(s => s.Shard))
        {
            try
            {
                var sets = ofShard.ToList();
                var (takes, header, _) = await Begin(sets, ct);
                rows.Gather(sets, takes);
                await WriteRows(connection, header, [.. rows.Directories.Keys], ct);
            }
            catch (PostgresException refused) when (PostgresPlace.IsRefusal(refused))
            {
                return ofShard.Key;
            }
            finally
            {
                await connection.Run("rollback", ct);
            }
        }

        return null;
    }

    public async Task Close()
    {
        if (Interlocked.Exchange(ref open, null) is { } connection)
        {
            await connection.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Close();
        opening.Dispose();
    }

    private async Task<NpgsqlConnection> Open(CancellationToken ct)
    {
        if (Volatile.Read(ref open) is { State: System.Data.ConnectionState.Open } usable)
        {
            return usable;
        }

        await opening.WaitAsync(ct);
        try
        {
            if (open is { State: System.Data.ConnectionState.Open } other)
            {
                return other;
            }

            await Close();
            var fresh = await connections.OpenAlone(ct);
            try
            {
                if (backend != default)
                {
                    // Our own lost connection, of which the database may not have heard.
                    await backend.End(fresh, ct);
                }

                var identity = await Backend.Of(fresh, ct);
                await Prepare(fresh, ct);
                backend = identity;
            }
            catch
            {
                await fresh.DisposeAsync();
                throw;
            }

            return open = fresh;
        }
        finally
        {
            opening.Release();
        }
    }

    /// <summary>
    /// Puts this connection into the rows of our shards that name another of ours, which is gone. Durable before a commit locks the rows:
    /// who takes a shard over from a process that stands still in the middle of one ends the connection that he reads there.
    /// </summary>
    private async Task Name(NpgsqlConnection connection, IReadOnlyList<ChangeSet> changeSets, CancellationToken ct)
    {
        var owned = changeSets.Select(s => (s.Shard, s.Epoch)).Distinct().Order().ToList();
        await connection.Run(
            """
            update shards set backend = $1, backend_start = $2
            from (select shard, epoch from shards join unnest($3, $4) as ours (shard, epoch) using (shard, epoch) order by shard for no key update of shards) as locked
            where shards.shard = locked.shard
            """,
            ct,
            backend.Process,
            backend.Start,
            owned.ConvertAll(o => o.Shard).ToArray(),
            owned.ConvertAll(o => o.Epoch).ToArray());
    }

    private async Task Prepare(NpgsqlConnection connection, CancellationToken ct)
    {
        statements = null;
        begin = await PreparedBatch.Of(
            connection,
            [
                new("begin isolation level read committed"),
                new(
                    "select shard, epoch, backend = $2 and backend_start = $3 from shards where shard = any($1) order by shard for no key update",
                    NpgsqlDbType.Array | NpgsqlDbType.Integer,
                    NpgsqlDbType.Integer,
                    NpgsqlDbType.TimestampTz),
                new("select index, part, nextval('batches') from log"),
            ],
            ct);
        finish = await PreparedBatch.Of(
            connection,
            [
                new(
                    $"""
                    with next as (update log set index = index + 1, transitions = transitions + $3 returning index, transitions),
                    noted as (insert into commits (index, batch, part, transitions, total) select index, $1, $2, $3, transitions from next where $3 > 0)
                    select index, pg_notify('{PostgresPlace.Channel}', index::text) from next
                    """,
                    NpgsqlDbType.Bigint,
                    NpgsqlDbType.Integer,
                    NpgsqlDbType.Integer),
                new("commit"),
            ],
            ct);
    }

    /// <summary>Which change sets are taken, and whether the rows of their shards name this connection.</summary>
    private async Task<(bool[] Takes, Header Header, bool IsNamed)> Begin(IReadOnlyList<ChangeSet> changeSets, CancellationToken ct)
    {
        begin!.Set(1, changeSets.Select(s => s.Shard).Distinct().ToArray(), backend.Process, backend.Start);
        await using var reader = await begin.Read(ct);
        var (epochs, strangers) = (new Dictionary<int, long>(), new HashSet<int>());
        while (await reader.ReadAsync(ct))
        {
            epochs[reader.GetInt32(0)] = reader.GetInt64(1);
            if (reader.IsDBNull(2) || !reader.GetBoolean(2))
            {
                strangers.Add(reader.GetInt32(0));
            }
        }

        await reader.NextResultAsync(ct);
        await reader.ReadAsync(ct);
        var header = new Header(reader.GetInt64(0), reader.GetInt32(1), reader.GetInt64(2));
        var takes = changeSets.Select(s => epochs.GetValueOrDefault(s.Shard, -1) == s.Epoch && s.Epoch > 0).ToArray();
        return (takes, header, !takes.Where((isTaken, i) => isTaken && strangers.Contains(changeSets[i].Shard)).Any());
    }

    private async Task WriteRows(NpgsqlConnection connection, Header header, List<(int Shard, long Hash)> directories, CancellationToken ct)
    {
        if (statements?.Part != header.Part)
        {
            await (statements?.DisposeAsync() ?? default);
            statements = null;
            statements = await CommitStatements.Prepare(connection, header.Part, ct);
        }

        await statements.Write(rows, header.Batch, directories, ct);
    }

    private async Task<long> Finish(Header header, CancellationToken ct)
    {
        finish!.Set(0, header.Batch, header.Part, rows.Transitions.Count);
        await using var reader = await finish.Read(ct);
        await reader.ReadAsync(ct);
        var index = reader.GetInt64(0);
        while (await reader.NextResultAsync(ct))
        {
            // Until the answer to the commit itself: what it throws is thrown here.
        }

        return index;
    }

    private void Remember(List<(int Shard, long Hash)> directories)
    {
        if (directoriesKnown.Count + directories.Count > DirectoriesKnownMax)
        {
            directoriesKnown.Clear();
        }

        directoriesKnown.UnionWith(directories);
    }

    /// <param name="Index">The newest number of the public order when the commit began.</param>
    /// <param name="Part">The table that its transitions go to.</param>
    /// <param name="Batch">What they are written under, before their number is known.</param>
    private readonly record struct Header(long Index, int Part, long Batch);
}
