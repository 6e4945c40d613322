using EventGrains.Files;
using EventGrains.Silo.Store.Rows;
using Npgsql;
using NpgsqlTypes;

namespace EventGrains.Silo.Store.Postgres;

/// <summary>The statements of a commit, prepared on its connection: each table's rows as arrays; what has no rows is left out.</summary>
internal sealed class CommitStatements : IAsyncDisposable
{
    private const NpgsqlDbType Ints = NpgsqlDbType.Array | NpgsqlDbType.Integer;
    private const NpgsqlDbType Longs = NpgsqlDbType.Array | NpgsqlDbType.Bigint;
    private const NpgsqlDbType Bytes = NpgsqlDbType.Array | NpgsqlDbType.Bytea;
    private const NpgsqlDbType Times = NpgsqlDbType.Array | NpgsqlDbType.TimestampTz;

    private static readonly Statement[] OfTables =
    [
        new("insert into files (number, id_hash, directory, name, state) select * from unnest($1, $2, $3, $4, $5)", Longs, Longs, Longs, Bytes, Bytes),
        new(
            """
            update files set directory = new.directory, name = new.name, state = new.state
            from unnest($1, $2, $3, $4) as new (number, directory, name, state) where files.number = new.number
            """,
            Longs,
            Longs,
            Bytes,
            Bytes),
        new("insert into directories (shard, hash, storage, path) select * from unnest($1, $2, $3, $4) on conflict do nothing", Ints, Longs, Bytes, Bytes),
        new(
            """
            delete from intents using unnest($1, $2, $3) as old (shard, number, step)
            where intents.shard = old.shard and intents.number = old.number and intents.step = old.step
            """,
            Ints,
            Longs,
            Bytes),
        new(
            """
            insert into intents (shard, number, step, intent) select * from unnest($1, $2, $3, $4)
            on conflict (shard, number, step) do update set intent = excluded.intent
            """,
            Ints,
            Longs,
            Bytes,
            Bytes),

        // What is counted is added by the database, so that nobody need know what was there.
        new(
            """
            insert into counts as kept (shard, hash, dataset, files, bytes, updated_at, statuses)
            select shard, hash, dataset, files, bytes, updated_at, $7[((row - 1) * $8 + 1)::int : (row * $8)::int]
            from unnest($1, $2, $3, $4, $5, $6) with ordinality as new (shard, hash, dataset, files, bytes, updated_at, row)
            on conflict (hash, shard) do update set
                files = kept.files + excluded.files,
                bytes = greatest(-9223372036854775808, least(9223372036854775807, kept.bytes::numeric + excluded.bytes))::bigint,
                updated_at = greatest(kept.updated_at, excluded.updated_at),
                statuses = (select array_agg(coalesce(a, 0) + coalesce(b, 0) order by place)
                            from unnest(kept.statuses, excluded.statuses) with ordinality as both_of (a, b, place))
            """,
            Ints,
            Longs,
            Bytes,
            Longs,
            Longs,
            Times,
            Longs,
            NpgsqlDbType.Integer),
        new(
            """
            insert into positions (shard, hash, source, partition, position) select * from unnest($1, $2, $3, $4, $5)
            on conflict (shard, hash) do update set position = excluded.position
            """,
            Ints,
            Longs,
            Bytes,
            Bytes,
            Bytes),
        new(
            """
            insert into dead_letters (source, partition, generation, position, hash, letter) select * from unnest($1, $2, $3, $4, $5, $6)
            on conflict (source, partition, generation, position, hash) do update set letter = excluded.letter
            """,
            Bytes,
            Longs,
            Longs,
            Longs,
            Longs,
            Bytes),
        new(
            """
            insert into aliases (shard, hash, storage, path, alias) select * from unnest($1, $2, $3, $4, $5)
            on conflict (shard, hash) do update set storage = excluded.storage, path = excluded.path, alias = excluded.alias
            """,
            Ints,
            Longs,
            Bytes,
            Bytes,
            Bytes),
        new(
            """
            update shards set files = shards.files + new.files, sequence = greatest(shards.sequence, new.sequence)
            from unnest($1, $2, $3) as new (shard, files, sequence) where shards.shard = new.shard
            """,
            Ints,
            Longs,
            Longs),
    ];

    private readonly RowWriter row = new();
    private readonly NpgsqlConnection connection;
    private readonly Statement[] all;

    /// <summary>Prepared by which statements take part, a bit for each. Few of the combinations occur.</summary>
    private readonly Dictionary<int, PreparedBatch> batches = [];

    /// <summary>In the order of the statements.</summary>
    private readonly List<(int Statement, object[] Values)> given = [];

    private CommitStatements(NpgsqlConnection connection, int part) => (this.connection, Part, all) = (connection, part, [.. OfTables, OfLog(part)]);

    /// <summary>The part of the log that transitions go to.</summary>
    public int Part { get; }

    public static async Task<CommitStatements> Prepare(NpgsqlConnection connection, int part, CancellationToken ct)
    {
        var statements = new CommitStatements(connection, part);
        await statements.BatchOf((1 << statements.all.Length) - 1, ct);
        return statements;
    }

    /// <summary>All rows but the public order, which comes last, in a message of its own.</summary>
    /// <param name="number">Of the commit's batch.</param>
    /// <param name="directories">Those that are not known to have their row.</param>
    public async Task Write(CommitRows rows, long number, List<(int Shard, long Hash)> directories, CancellationToken ct)
    {
        given.Clear();
        SetFiles(0, [.. rows.Files.Where(f => f.IsNew)], withId: true);
        SetFiles(1, [.. rows.Files.Where(f => !f.IsNew)], withId: false);
        Set(
            2,
            directories.Count,
            directories.ConvertAll(d => d.Shard).ToArray(),
            directories.ConvertAll(d => d.Hash).ToArray(),
            directories.ConvertAll(d => Hashes.Bytes(rows.Directories[d].Storage)).ToArray(),
            directories.ConvertAll(d => Hashes.Bytes(rows.Directories[d].Path)).ToArray());
        SetIntents(rows);
        SetCounts(rows);
        SetSources(rows);
        SetShards(rows);
        var transitions = rows.Transitions;
        Set(
            10,
            transitions.Count,
            number,
            transitions.ConvertAll(t => t.Shard).ToArray(),
            transitions.ConvertAll(t => t.Sequence).ToArray(),
            transitions.ConvertAll(t => t.Number).ToArray(),
            transitions.ConvertAll(t => t.Version).ToArray(),
            transitions.ConvertAll(t => t.Transition).ToArray());
        var batch = await BatchOf(given.Aggregate(0, (mask, g) => mask | (1 << g.Statement)), ct);
        var place = 0;
        foreach (var (_, values) in given)
        {
            batch.Set(place++, values);
        }

        await batch.Run(ct);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var batch in batches.Values)
        {
            await batch.DisposeAsync();
        }
    }

    private static Statement OfLog(int part) => new(
        $"""
        insert into transitions_{part} (batch, ordinal, shard, sequence, number, version, transition)
        select $1, ordinal - 1, shard, sequence, number, version, transition
        from unnest($2, $3, $4, $5, $6) with ordinality as new (shard, sequence, number, version, transition, ordinal)
        """,
        NpgsqlDbType.Bigint,
        Ints,
        Longs,
        Longs,
        Ints,
        Bytes);

    private async Task<PreparedBatch> BatchOf(int mask, CancellationToken ct)
    {
        if (!batches.TryGetValue(mask, out var batch))
        {
            batches[mask] = batch = await PreparedBatch.Of(connection, all.Where((_, i) => (mask & (1 << i)) != 0), ct);
        }

        return batch;
    }

    private void Set(int statement, int rows, params object[] values)
    {
        if (rows > 0)
        {
            given.Add((statement, values));
        }
    }

    private void SetFiles(int statement, List<FileRow> files, bool withId)
    {
        var (numbers, directories, names, states) = (new long[files.Count], new long?[files.Count], new byte[]?[files.Count], new byte[files.Count][]);
        for (var i = 0; i < files.Count; i++)
        {
            (numbers[i], directories[i], states[i]) = (files[i].File.Number, files[i].Directory, files[i].State);
            if (files[i].Directory is not null)
            {
                var (_, name) = PathParts.Of(files[i].File.Facts.Path.Value);
                names[i] = Hashes.Beginning(name);
            }
        }

        if (withId)
        {
            Set(statement, files.Count, numbers, files.ConvertAll(f => (long)f.File.Id.Hash()).ToArray(), directories, names, states);
        }
        else
        {
            Set(statement, files.Count, numbers, directories, names, states);
        }
    }

    private void SetIntents(CommitRows rows)
    {
        var (gone, put) = (rows.Intents.Where(i => i.Value is null).ToList(), rows.Intents.Where(i => i.Value is not null).ToList());
        Set(
            3,
            gone.Count,
            gone.ConvertAll(i => i.Key.Shard).ToArray(),
            gone.ConvertAll(i => i.Key.Number).ToArray(),
            gone.ConvertAll(i => KeyOf(i.Key.Step)).ToArray());
        Set(
            4,
            put.Count,
            put.ConvertAll(i => i.Key.Shard).ToArray(),
            put.ConvertAll(i => i.Key.Number).ToArray(),
            put.ConvertAll(i => KeyOf(i.Key.Step)).ToArray(),
            put.ConvertAll(i => i.Value!).ToArray());
    }

    private byte[] KeyOf(StepKey key)
    {
        StepEncoding.WriteKey(row.Clear(), key);
        return row.Written.ToArray();
    }

    private void SetCounts(CommitRows rows)
    {
        // Under a shard whose row this commit holds locked: no other commit waits for these rows.
        var counts = rows.Counts.ToList();
        Set(
            5,
            counts.Count,
            Enumerable.Repeat(rows.Shards.Keys.First(), counts.Count).ToArray(),
            counts.ConvertAll(c => Hashes.Of(c.Key)).ToArray(),
            counts.ConvertAll(c => Hashes.Bytes(c.Key)).ToArray(),
            counts.ConvertAll(c => c.Value.Files).ToArray(),
            counts.ConvertAll(c => c.Value.Bytes).ToArray(),
            counts.ConvertAll(c => c.Value.UpdatedAt).ToArray(),
            counts.SelectMany(c => c.Value.PerStatus).ToArray(),
            ShardCounts.Statuses);
    }

    private void SetSources(CommitRows rows)
    {
        var (positions, letters, aliases) = (rows.Positions.ToList(), rows.DeadLetters.ToList(), rows.Aliases.ToList());
        Set(
            6,
            positions.Count,
            positions.ConvertAll(p => p.Key.Shard).ToArray(),
            positions.ConvertAll(p => p.Key.Hash).ToArray(),
            positions.ConvertAll(p => Hashes.Bytes(p.Value.Source)).ToArray(),
            positions.ConvertAll(p => Hashes.Bytes(p.Value.Partition)).ToArray(),
            positions.ConvertAll(p => BytesOf(p.Value)).ToArray());
        Set(
            7,
            letters.Count,
            letters.ConvertAll(l => Hashes.Bytes(l.Key.Source)).ToArray(),
            letters.ConvertAll(l => l.Key.Partition).ToArray(),
            letters.ConvertAll(l => l.Key.Generation).ToArray(),
            letters.ConvertAll(l => l.Key.Position).ToArray(),
            letters.ConvertAll(l => l.Key.Hash).ToArray(),
            letters.ConvertAll(l => l.Value).ToArray());
        Set(
            8,
            aliases.Count,
            aliases.ConvertAll(a => a.Key.Shard).ToArray(),
            aliases.ConvertAll(a => a.Key.Hash).ToArray(),
            aliases.ConvertAll(a => Hashes.Bytes(a.Value.Row.Storage)).ToArray(),
            aliases.ConvertAll(a => Hashes.Bytes(a.Value.Row.Path)).ToArray(),
            aliases.ConvertAll(a => a.Value.Alias).ToArray());
    }

    private byte[] BytesOf(PositionRow position)
    {
        SourceEncoding.Write(row.Clear(), position);
        return row.Written.ToArray();
    }

    private void SetShards(CommitRows rows)
    {
        Set(
            9,
            rows.Shards.Count,
            rows.Shards.Keys.ToArray(),
            rows.Shards.Values.Select(s => s.Files).ToArray(),
            rows.Shards.Values.Select(s => s.Sequence).ToArray());
    }
}
