using EventGrains.Contracts.Shards;
using EventGrains.Silo.Store.Rows;
using Npgsql;

namespace EventGrains.Silo.Store.Postgres;

/// <summary>A commit's rows as statements: one per table that is touched, each with its rows as arrays.</summary>
internal sealed class CommitStatements(CommitRows rows)
{
    private readonly RowWriter row = new();
    private readonly RowWriter step = new();

    /// <summary>All but the public order, which comes last, in a message of its own.</summary>
    /// <param name="directories">Those that are not known to have their row.</param>
    public void Write(NpgsqlBatch batch, long number, int part, List<(int Shard, long Hash)> directories)
    {
        WriteFiles(batch, isNew: true);
        WriteFiles(batch, isNew: false);
        WriteDirectories(batch, directories);
        WriteTransitions(batch, number, part);
        WriteIntents(batch);
        WriteCounts(batch);
        WriteSources(batch);
        WriteAliases(batch);
        WriteShards(batch);
    }

    private void WriteFiles(NpgsqlBatch batch, bool isNew)
    {
        var count = rows.Files.Count(f => f.IsNew == isNew);
        if (count == 0)
        {
            return;
        }

        var (numbers, directories, names, states) = (new long[count], new long?[count], new byte[]?[count], new byte[count][]);
        var hashes = isNew ? new long[count] : null;
        var i = 0;
        foreach (var file in rows.Files)
        {
            if (file.IsNew != isNew)
            {
                continue;
            }

            (numbers[i], directories[i], states[i]) = (file.File.Number, file.Directory, file.State);
            if (file.Directory is not null)
            {
                var (_, name) = PathParts.Of(file.File.Facts.Path.Value);
                names[i] = Hashes.Beginning(name);
            }

            if (hashes is not null)
            {
                hashes[i] = (long)file.File.Id.Hash();
            }

            i++;
        }

        if (hashes is not null)
        {
            batch.Add("insert into files (number, id_hash, directory, name, state) select * from unnest($1, $2, $3, $4, $5)", numbers, hashes, directories, names, states);
            return;
        }

        batch.Add(
            """
            update files set directory = new.directory, name = new.name, state = new.state
            from unnest($1, $2, $3, $4) as new (number, directory, name, state) where files.number = new.number
            """,
            numbers,
            directories,
            names,
            states);
    }

    private void WriteDirectories(NpgsqlBatch batch, List<(int Shard, long Hash)> directories)
    {
        if (directories.Count > 0)
        {
            batch.Add(
                "insert into directories (shard, hash, storage, path) select * from unnest($1, $2, $3, $4) on conflict do nothing",
                directories.ConvertAll(d => d.Shard).ToArray(),
                directories.ConvertAll(d => d.Hash).ToArray(),
                directories.ConvertAll(d => Hashes.Bytes(rows.Directories[d].Storage)).ToArray(),
                directories.ConvertAll(d => Hashes.Bytes(rows.Directories[d].Path)).ToArray());
        }
    }

    private void WriteTransitions(NpgsqlBatch batch, long number, int part)
    {
        if (rows.Transitions.Count > 0)
        {
            var transitions = rows.Transitions;
            batch.Add(
                $"""
                insert into transitions_{part} (batch, ordinal, shard, sequence, number, version, transition)
                select $1, ordinal - 1, shard, sequence, number, version, transition
                from unnest($2, $3, $4, $5, $6) with ordinality as new (shard, sequence, number, version, transition, ordinal)
                """,
                number,
                transitions.ConvertAll(t => t.Shard).ToArray(),
                transitions.ConvertAll(t => t.Sequence).ToArray(),
                transitions.ConvertAll(t => t.Number).ToArray(),
                transitions.ConvertAll(t => t.Version).ToArray(),
                transitions.ConvertAll(t => t.Transition).ToArray());
        }
    }

    private void WriteIntents(NpgsqlBatch batch)
    {
        var gone = rows.Intents.Where(i => i.Value is null).Select(i => i.Key).ToList();
        if (gone.Count > 0)
        {
            batch.Add(
                "delete from intents using unnest($1, $2, $3) as old (shard, number, step) where intents.shard = old.shard and intents.number = old.number and intents.step = old.step",
                gone.ConvertAll(i => i.Shard).ToArray(),
                gone.ConvertAll(i => i.Number).ToArray(),
                gone.ConvertAll(i => KeyOf(i.Step)).ToArray());
        }

        var put = rows.Intents.Where(i => i.Value is not null).ToList();
        if (put.Count > 0)
        {
            batch.Add(
                "insert into intents (shard, number, step, intent) select * from unnest($1, $2, $3, $4) on conflict (shard, number, step) do update set intent = excluded.intent",
                put.ConvertAll(i => i.Key.Shard).ToArray(),
                put.ConvertAll(i => i.Key.Number).ToArray(),
                put.ConvertAll(i => KeyOf(i.Key.Step)).ToArray(),
                put.ConvertAll(i => i.Value!).ToArray());
        }
    }

    private byte[] KeyOf(EventGrains.Files.StepKey key)
    {
        StepEncoding.WriteKey(step.Clear(), key);
        return step.Written.ToArray();
    }

    /// <summary>What is counted is added by the database, so that nobody need know what was there.</summary>
    private void WriteCounts(NpgsqlBatch batch)
    {
        if (rows.Counts.Count > 0)
        {
            var counts = rows.Counts.ToList();
            batch.Add(
                """
                insert into counts as kept (shard, hash, dataset, files, bytes, updated_at, statuses)
                select shard, hash, dataset, files, bytes, updated_at, $7[((row - 1) * $8 + 1)::int : (row * $8)::int]
                from unnest($1, $2, $3, $4, $5, $6) with ordinality as new (shard, hash, dataset, files, bytes, updated_at, row)
                on conflict (hash, shard) do update set
                    files = kept.files + excluded.files,
                    bytes = kept.bytes + excluded.bytes,
                    updated_at = greatest(kept.updated_at, excluded.updated_at),
                    statuses = (select array_agg(coalesce(a, 0) + coalesce(b, 0) order by place)
                                from unnest(kept.statuses, excluded.statuses) with ordinality as both_of (a, b, place))
                """,
                counts.ConvertAll(c => c.Key.Shard).ToArray(),
                counts.ConvertAll(c => Hashes.Of(c.Key.Dataset)).ToArray(),
                counts.ConvertAll(c => Hashes.Bytes(c.Key.Dataset)).ToArray(),
                counts.ConvertAll(c => c.Value.Files).ToArray(),
                counts.ConvertAll(c => c.Value.Bytes).ToArray(),
                counts.ConvertAll(c => c.Value.UpdatedAt).ToArray(),
                counts.SelectMany(c => c.Value.PerStatus).ToArray(),
                ShardCounts.Statuses);
        }
    }

    private void WriteSources(NpgsqlBatch batch)
    {
        if (rows.Positions.Count > 0)
        {
            var positions = rows.Positions.ToList();
            batch.Add(
                """
                insert into positions (shard, hash, source, partition, position) select * from unnest($1, $2, $3, $4, $5)
                on conflict (shard, hash) do update set position = excluded.position
                """,
                positions.ConvertAll(p => p.Key.Shard).ToArray(),
                positions.ConvertAll(p => p.Key.Hash).ToArray(),
                positions.ConvertAll(p => Hashes.Bytes(p.Value.Source)).ToArray(),
                positions.ConvertAll(p => Hashes.Bytes(p.Value.Partition)).ToArray(),
                positions.ConvertAll(p => BytesOf(p.Value)).ToArray());
        }

        if (rows.DeadLetters.Count > 0)
        {
            var letters = rows.DeadLetters.ToList();
            batch.Add(
                """
                insert into dead_letters (source, partition, generation, position, hash, letter) select * from unnest($1, $2, $3, $4, $5, $6)
                on conflict (source, partition, generation, position, hash) do update set letter = excluded.letter
                """,
                letters.ConvertAll(l => Hashes.Bytes(l.Key.Source)).ToArray(),
                letters.ConvertAll(l => l.Key.Partition).ToArray(),
                letters.ConvertAll(l => l.Key.Generation).ToArray(),
                letters.ConvertAll(l => l.Key.Position).ToArray(),
                letters.ConvertAll(l => l.Key.Hash).ToArray(),
                letters.ConvertAll(l => l.Value).ToArray());
        }
    }

    private byte[] BytesOf(PositionRow position)
    {
        SourceEncoding.Write(row.Clear(), position);
        return row.Written.ToArray();
    }

    private void WriteAliases(NpgsqlBatch batch)
    {
        if (rows.Aliases.Count > 0)
        {
            var aliases = rows.Aliases.ToList();
            batch.Add(
                """
                insert into aliases (shard, hash, storage, path, alias) select * from unnest($1, $2, $3, $4, $5)
                on conflict (shard, hash) do update set storage = excluded.storage, path = excluded.path, alias = excluded.alias
                """,
                aliases.ConvertAll(a => a.Key.Shard).ToArray(),
                aliases.ConvertAll(a => a.Key.Hash).ToArray(),
                aliases.ConvertAll(a => Hashes.Bytes(a.Value.Row.Storage)).ToArray(),
                aliases.ConvertAll(a => Hashes.Bytes(a.Value.Row.Path)).ToArray(),
                aliases.ConvertAll(a => a.Value.Alias).ToArray());
        }
    }

    private void WriteShards(NpgsqlBatch batch) => batch.Add(
        """
        update shards set files = shards.files + new.files, sequence = greatest(shards.sequence, new.sequence)
        from unnest($1, $2, $3) as new (shard, files, sequence) where shards.shard = new.shard
        """,
        rows.Shards.Keys.ToArray(),
        rows.Shards.Values.Select(s => s.Files).ToArray(),
        rows.Shards.Values.Select(s => s.Sequence).ToArray());
}
