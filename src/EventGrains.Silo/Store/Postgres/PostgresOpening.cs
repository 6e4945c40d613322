using System.Security.Cryptography;
using EventGrains.Silo.Cluster;
using Npgsql;

namespace EventGrains.Silo.Store.Postgres;

/// <summary>Opens the database: waits for it a while, brings its tables to this program's schema, and checks whose they are.</summary>
internal static class PostgresOpening
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromMilliseconds(500);

    /// <summary>Taken while tables are made or changed, so that silos that start together do it once.</summary>
    private const long MigrationLock = 0x4556_4752_0001;

    /// <summary>How long one migration's statements may take: one that builds an index reads a whole table.</summary>
    private const int MigrationSeconds = 3_600;

    /// <summary>While a migration waits for a table, so do the commits of all silos behind it. It gives up before they do, and comes again.</summary>
    private const string LockWait = "1s";

    /// <exception cref="StoreUnusableException">Away, refused, newer, or another cluster's; the message says which, and what to do.</exception>
    public static async Task<(int Shards, int History)> Open(PostgresConnections connections, PostgresPlace place, SiloSettings settings, TimeProvider time, CancellationToken ct)
    {
        var began = time.GetTimestamp();
        while (true)
        {
            try
            {
                await using var connection = await connections.OpenAlone(ct);
                return await Prepare(connection, place, settings, ct);
            }
            catch (Exception failure) when (place.Hopeless(failure) is { } reason)
            {
                throw new StoreUnusableException(reason, failure);
            }
            catch (Exception failure) when (PostgresPlace.IsAway(failure))
            {
                if (time.GetElapsedTime(began).TotalSeconds >= settings.StoreWaitSeconds)
                {
                    throw new StoreUnusableException($"PostgreSQL at {place.Name} does not answer: {failure.Message}; start it, or correct the connection", failure) { IsAway = true };
                }

                await Task.Delay(RetryAfter, time, ct);
            }
        }
    }

    private static async Task<(int Shards, int History)> Prepare(NpgsqlConnection connection, PostgresPlace place, SiloSettings settings, CancellationToken ct)
    {
        await connection.Run("select pg_advisory_lock($1)", ct, MigrationLock);
        try
        {
            await connection.Run($"create schema if not exists {PostgresConnection.Schema}", ct);
            var kept = await ReadStore(connection, ct);
            if (kept is { } newer && newer.UsableFrom > PostgresSchema.Version)
            {
                throw new StoreUnusableException(
                    $"the store in {place.Name} has schema {newer.Version}, which programs of schema {newer.UsableFrom} and later can use, and this one is of {PostgresSchema.Version}: start the release that wrote it, or a newer one");
            }

            await Migrate(connection, kept?.Version ?? 0, settings, ct);
            var store = await ReadStore(connection, ct) ?? throw new StoreUnusableException($"the store in {place.Name} has lost its row in {PostgresConnection.Schema}.store: restore the database");
            return store.Cluster == settings.Cluster
                ? (store.Shards, store.History)
                : throw new StoreUnusableException(
                    $"the database {place.Name} belongs to the cluster '{store.Cluster}', and this server is of '{settings.Cluster}': give each cluster a database of its own, or start with --cluster {store.Cluster}");
        }
        finally
        {
            await connection.Run("select pg_advisory_unlock($1)", CancellationToken.None, MigrationLock);
        }
    }

    private static async Task Migrate(NpgsqlConnection connection, int version, SiloSettings settings, CancellationToken ct)
    {
        foreach (var migration in PostgresSchema.Migrations.Where(m => m.Version > version))
        {
            await using var transaction = await connection.BeginTransactionAsync(ct);
            await connection.Run($"set local lock_timeout = '{LockWait}'", ct);
            await using (var command = connection.Command(migration.Sql))
            {
                command.CommandTimeout = MigrationSeconds;
                await command.ExecuteNonQueryAsync(ct);
            }

            if (version == 0 && migration.Version == 1)
            {
                await connection.Run(
                    "insert into store (version, usable_from, history, shards, cluster) values ($1, $2, $3, $4, $5)",
                    ct,
                    migration.Version,
                    migration.UsableFrom,
                    RandomNumberGenerator.GetInt32(1, int.MaxValue),
                    settings.ShardsOfNewStore,
                    settings.Cluster);
                await connection.Run("insert into shards (shard) select generate_series(0, $1 - 1)", ct, settings.ShardsOfNewStore);
                await connection.Run(PostgresSchema.Part(1), ct);
            }
            else
            {
                await connection.Run("update store set version = $1, usable_from = $2", ct, migration.Version, migration.UsableFrom);
            }

            await transaction.CommitAsync(ct);
        }
    }

    private static async Task<StoreRow?> ReadStore(NpgsqlConnection connection, CancellationToken ct)
    {
        var exists = await connection.Rows(r => r.GetBoolean(0), $"select to_regclass('{PostgresConnection.Schema}.store') is not null", ct);
        return exists[0]
            ? (await connection.Rows(r => new StoreRow(r.GetInt32(0), r.GetInt32(1), r.GetInt32(2), r.GetInt32(3), r.GetString(4)), "select version, usable_from, history, shards, cluster from store", ct)).FirstOrDefault()
            : null;
    }

    private sealed record StoreRow(int Version, int UsableFrom, int History, int Shards, string Cluster);
}
