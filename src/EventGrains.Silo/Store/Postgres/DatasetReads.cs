using System.Collections.Immutable;
using EventGrains.Contracts.Datasets;
using EventGrains.Files;
using EventGrains.Silo.Store.Rows;
using Npgsql;

namespace EventGrains.Silo.Store.Postgres;

/// <summary>Sums what the shards count of datasets, and counts again over all files.</summary>
internal static class DatasetReads
{
    /// <summary>A recount reads every file's row.</summary>
    private const int RecountSeconds = 600;

    public static async Task<IReadOnlyList<DatasetCounts>> List(NpgsqlConnection connection, string? after, int limit, string? only, CancellationToken ct)
    {
        if (only is not null)
        {
            return await Get(connection, only, ct) is { } one ? [one] : [];
        }

        var (beginning, hash) = (Hashes.Beginning(after), Hashes.Of(after));
        var names = await connection.Rows(
            r => (r.GetInt64(0), r.Bytes(1)),
            """
            select distinct on (substring(dataset from 1 for 1024), hash) hash, dataset from counts
            where $1 or (substring(dataset from 1 for 1024), hash) > ($2, $3)
            order by substring(dataset from 1 for 1024), hash limit $4
            """,
            ct,
            after is null,
            beginning,
            hash,
            limit);
        var sums = await Sums(connection, names.ConvertAll(n => n.Item1), ct);
        return names.ConvertAll(n => sums[Wtf8.Decode(n.Item2)]);
    }

    /// <summary>Null when no file ever belonged to it.</summary>
    public static async Task<DatasetCounts?> Get(NpgsqlConnection connection, string name, CancellationToken ct) =>
        (await Sums(connection, [Hashes.Of(name)], ct)).GetValueOrDefault(name);

    /// <summary>Reads every file's row, as all were at one commit index.</summary>
    public static async Task<DatasetRecount> Recount(NpgsqlConnection connection, string name, CancellationToken ct)
    {
        await using var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, ct);
        var index = await connection.Rows(r => r.GetInt64(0), "select index from log", ct);
        var kept = await Get(connection, name, ct) ?? View(name, new ShardCounts());
        var counted = new ShardCounts { UpdatedAt = kept.UpdatedAt };
        await using var command = connection.Command("select number, state from files");
        command.CommandTimeout = RecountSeconds;
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            var file = FileReads.Read(reader);
            if (file.Datasets.Contains(name))
            {
                var status = FileSummary.Of(file).Status;
                counted.Files++;
                counted.PerStatus[(int)status]++;
                counted.Bytes = ShardCounts.SumOf(counted.Bytes, status == FileStatus.Deleted ? 0 : file.Facts.Size.Bytes ?? 0);
            }
        }

        return new DatasetRecount(kept, View(name, counted), index[0]);
    }

    private static async Task<Dictionary<string, DatasetCounts>> Sums(NpgsqlConnection connection, List<long> hashes, CancellationToken ct)
    {
        var sums = new Dictionary<string, ShardCounts>(StringComparer.Ordinal);
        foreach (var (name, counts) in await connection.Rows(Read, "select dataset, files, bytes, updated_at, statuses from counts where hash = any($1)", ct, hashes.ToArray()))
        {
            if (!sums.TryGetValue(name, out var sum))
            {
                sums.Add(name, sum = new ShardCounts());
            }

            sum.Add(counts);
        }

        return sums.ToDictionary(s => s.Key, s => View(s.Key, s.Value), StringComparer.Ordinal);
    }

    private static (string Name, ShardCounts Counts) Read(NpgsqlDataReader reader)
    {
        var counts = new ShardCounts { Files = reader.GetInt64(1), Bytes = reader.GetInt64(2), UpdatedAt = reader.GetFieldValue<DateTime>(3) };
        var statuses = reader.GetFieldValue<long[]>(4);
        statuses.AsSpan(0, Math.Min(statuses.Length, ShardCounts.Statuses)).CopyTo(counts.PerStatus);
        return (Wtf8.Decode(reader.Bytes(0)), counts);
    }

    private static DatasetCounts View(string name, ShardCounts sum) => new(
        name,
        sum.Files,
        sum.PerStatus.Index().Where(c => c.Item != 0).ToImmutableDictionary(c => (FileStatus)c.Index, c => c.Item),
        sum.Bytes,
        sum.UpdatedAt);
}
