using EventGrains.Files;
using EventGrains.Silo.Cluster;
using EventGrains.Silo;
using EventGrains.Silo.Store;
using EventGrains.Silo.Store.Postgres;
using EventGrains.Silo.Store.Rows;
using Npgsql;
using NpgsqlTypes;

namespace EventGrains.LoadTest.Limits;

/// <summary>The full set of rows in PostgreSQL: new rows by COPY into the product's tables, changed states by COPY into a staging table and a merge.</summary>
internal sealed class PostgresRows : IBareRows, IAsyncDisposable
{
    private readonly NpgsqlConnection _connection;
    private readonly CommitStatements _small;
    private readonly NpgsqlCommand _merge;
    private readonly NpgsqlCommand _order;
    private readonly RowWriter _value = new();
    private readonly HashSet<string> _directories = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ShardCounts> _datasets = new(StringComparer.Ordinal);
    private readonly List<(long Number, int Version, byte[] Row)> _transitions = [];
    private readonly List<(string Storage, string Path)> _fresh = [];
    private List<Intent> _open = [];
    private List<Intent> _opened = [];
    private long _batch;
    private long _sequence;

    private PostgresRows(NpgsqlConnection connection, CommitStatements small)
    {
        (_connection, _small) = (connection, small);
        _merge = connection.Command("update files set directory = s.directory, name = s.name, state = s.state from staging as s where files.number = s.number");
        _order = connection.Command(
            """
            with next as (update log set index = index + 1, transitions = transitions + $2 returning index, transitions)
            insert into commits (index, batch, part, transitions, total) select index, $1, 1, $2, transitions from next
            """,
            0L,
            0);
        _merge.Prepare();
        _order.Prepare();
    }

    /// <summary>Makes the product's tables in an empty database.</summary>
    public static async Task<PostgresRows> Open(string postgres)
    {
        var settings = new SiloSettings { Postgres = postgres, Shards = 1 };
        await using (await StoreSchema.OpenPostgres(settings, TimeProvider.System))
        {
            // Only the tables are wanted.
        }

        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(postgres) { SearchPath = PostgresConnection.Schema, Pooling = false, Options = "-c jit=off -c enable_seqscan=off -c plan_cache_mode=force_generic_plan" }.ConnectionString);
        await connection.OpenAsync();
        await connection.Run(
            "create temp table staging (number bigint, directory bigint, name bytea, state bytea) on commit delete rows", CancellationToken.None);
        return new PostgresRows(connection, await CommitStatements.Prepare(connection, 1, CancellationToken.None));
    }

    public void Load(List<BareFile> files, ref long nextNumber)
    {
        if (files.Count == 0)
        {
            return;
        }

        var states = FileReads.Load(_connection, files.ConvertAll(f => f.Id), CancellationToken.None).GetAwaiter().GetResult();
        for (var i = 0; i < states.Length; i++)
        {
            if (states[i] is { } state)
            {
                files[i].Load(state);
            }
            else
            {
                files[i].Number = nextNumber++;
            }
        }
    }

    public void Transition(BareFile file, in BareRecord record, DateTime now)
    {
        TransitionEncoding.Write(_value.Clear(), BareTransition.Of(file, record, now), file.Number);
        _transitions.Add((file.Number, file.Version, _value.Written.ToArray()));
    }

    public void Count(string dataset, FileStatus status, int files, long bytes, DateTime now)
    {
        if (!_datasets.TryGetValue(dataset, out var counts))
        {
            _datasets.Add(dataset, counts = new ShardCounts());
        }

        counts.Files += files;
        counts.Bytes += bytes;
        counts.PerStatus[(int)status] += files;
        counts.UpdatedAt = now;
    }

    public void OpenIntent(BareFile file, DateTime now) =>
        _opened.Add(new Intent(file.Id, file.Number, new StepKey("calibrate", "0", 0, default), "noop", null, now, 0, false));

    public void Commit(List<BareFile> touched, long position, DateTime now)
    {
        using var transaction = _connection.BeginTransaction();
        CopyFiles(touched.Where(f => f.IsNew), "copy files (number, id_hash, directory, name, state) from stdin binary", now, withId: true);
        CopyFiles(touched.Where(f => !f.IsNew), "copy staging from stdin binary", now, withId: false);
        CopyTransitions();
        _merge.ExecuteNonQuery();
        WriteSmallRows(position);
        _order.Parameters[0].Value = _batch;
        _order.Parameters[1].Value = _transitions.Count;
        _order.ExecuteNonQuery();
        transaction.Commit();
        touched.ForEach(f => f.IsNew = false);
        _transitions.Clear();
        _fresh.Clear();
        _datasets.Clear();
        _open.Clear();
        (_open, _opened) = (_opened, _open);
    }

    public IEnumerable<FileState> ReadAll() =>
        _connection.Rows(FileReads.Read, "select number, state from files", CancellationToken.None).GetAwaiter().GetResult();

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    private void CopyFiles(IEnumerable<BareFile> files, string copy, DateTime now, bool withId)
    {
        using var to = _connection.BeginBinaryImport(copy);
        foreach (var file in files)
        {
            FileEncoding.Write(_value.Clear(), file.ToRow(now));
            to.StartRow();
            to.Write(file.Number, NpgsqlDbType.Bigint);
            if (withId)
            {
                to.Write((long)file.Id.Hash(), NpgsqlDbType.Bigint);
            }

            if (file.Path is { } path)
            {
                var slash = path.LastIndexOf('/');
                to.Write(Directory(path[..slash]), NpgsqlDbType.Bigint);
                to.Write(Hashes.Beginning(path.AsSpan(slash + 1)), NpgsqlDbType.Bytea);
            }
            else
            {
                to.WriteNull();
                to.WriteNull();
            }

            to.Write(_value.Written.ToArray(), NpgsqlDbType.Bytea);
        }

        to.Complete();
    }

    private long Directory(string directory)
    {
        if (_directories.Add(directory))
        {
            _fresh.Add(("dcache", directory));
        }

        return Hashes.Of("dcache", directory);
    }

    private void CopyTransitions()
    {
        _batch++;
        using var to = _connection.BeginBinaryImport("copy transitions_1 (batch, ordinal, shard, sequence, number, version, transition) from stdin binary");
        for (var i = 0; i < _transitions.Count; i++)
        {
            var (number, version, row) = _transitions[i];
            to.StartRow();
            to.Write(_batch, NpgsqlDbType.Bigint);
            to.Write(i, NpgsqlDbType.Integer);
            to.Write(0, NpgsqlDbType.Integer);
            to.Write(++_sequence, NpgsqlDbType.Bigint);
            to.Write(number, NpgsqlDbType.Bigint);
            to.Write(version, NpgsqlDbType.Integer);
            to.Write(row, NpgsqlDbType.Bytea);
        }

        to.Complete();
    }

    /// <summary>Few, and as the product writes them. The intents of the batch before are done by now.</summary>
    private void WriteSmallRows(long position)
    {
        var rows = new CommitRows();
        foreach (var (storage, path) in _fresh)
        {
            rows.Directories[(0, Hashes.Of(storage, path))] = (storage, path);
        }

        foreach (var (name, counts) in _datasets)
        {
            rows.Counts[name] = counts;
        }

        _open.ForEach(i => rows.Intents[(0, i.FileNumber, i.Step)] = null);
        foreach (var intent in _opened)
        {
            IntentEncoding.Write(_value.Clear(), intent);
            rows.Intents[(0, intent.FileNumber, intent.Step)] = _value.Written.ToArray();
        }

        rows.Positions[(0, Hashes.Of("bare", "0"))] = new PositionRow(0, "bare", "0", 1, 1, position, null);
        rows.Shards[0] = new ShardSum { Sequence = _sequence };
        _small.Write(rows, _batch, [.. rows.Directories.Keys], CancellationToken.None).GetAwaiter().GetResult();
    }
}
