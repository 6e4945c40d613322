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
            var (takes, header) = await Begin(changeSets, ct);
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
        catch
        {
            // Refused, or not known: whoever takes the shards over finds out, since it waits for the rows' locks.
            await Close();
            throw;
        }
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
                var before = backend;
                backend = await Backend.Of(fresh, ct);
                await Succeed(fresh, before, ct);
                await Prepare(fresh, ct);
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

    /// <summary>Ends our own lost connection, of which the database may not have heard, and takes its place in the shards' rows.</summary>
    private async Task Succeed(NpgsqlConnection connection, Backend before, CancellationToken ct)
    {
        if (before == default)
        {
            return;
        }

        await before.End(connection, ct);
        await connection.Run(
            "update shards set backend = $1, backend_start = $2 where backend = $3 and backend_start = $4",
            ct,
            backend.Process,
            backend.Start,
            before.Process,
            before.Start);
    }

    private async Task Prepare(NpgsqlConnection connection, CancellationToken ct)
    {
        statements = null;
        begin = await PreparedBatch.Of(
            connection,
            [
                new("begin isolation level read committed"),
                new("select shard, epoch from shards where shard = any($1) order by shard for no key update", NpgsqlDbType.Array | NpgsqlDbType.Integer),
                new("select index, part, nextval('batches') from log"),
            ],
            ct);
        finish = await PreparedBatch.Of(
            connection,
            [
                new(
                    """
                    with next as (update log set index = index + 1, transitions = transitions + $3 returning index, transitions),
                    noted as (insert into commits (index, batch, part, transitions, total) select index, $1, $2, $3, transitions from next where $3 > 0)
                    select index from next
                    """,
                    NpgsqlDbType.Bigint,
                    NpgsqlDbType.Integer,
                    NpgsqlDbType.Integer),
                new($"notify {PostgresPlace.Channel}"),
                new("commit"),
            ],
            ct);
    }

    private async Task<(bool[] Takes, Header Header)> Begin(IReadOnlyList<ChangeSet> changeSets, CancellationToken ct)
    {
        begin!.Set(1, changeSets.Select(s => s.Shard).Distinct().ToArray());
        await using var reader = await begin.Read(ct);
        var epochs = new Dictionary<int, long>();
        while (await reader.ReadAsync(ct))
        {
            epochs[reader.GetInt32(0)] = reader.GetInt64(1);
        }

        await reader.NextResultAsync(ct);
        await reader.ReadAsync(ct);
        var header = new Header(reader.GetInt64(0), reader.GetInt32(1), reader.GetInt64(2));
        return ([.. changeSets.Select(s => epochs.GetValueOrDefault(s.Shard, -1) == s.Epoch && s.Epoch > 0)], header);
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
