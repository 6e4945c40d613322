using Npgsql;

namespace EventGrains.LoadTest.Product;

/// <summary>A database with nothing in it, made anew on a PostgreSQL server.</summary>
internal static class EmptyDatabase
{
    /// <param name="postgres">A connection to the server whose user may create databases.</param>
    /// <returns>The connection to the new one.</returns>
    public static async Task<string> In(string postgres, string name)
    {
        await using var server = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(postgres) { Pooling = false });
        await using var drop = server.CreateCommand($"drop database if exists {name} with (force)");
        await drop.ExecuteNonQueryAsync();
        await using var create = server.CreateCommand($"create database {name}");
        await create.ExecuteNonQueryAsync();
        return new NpgsqlConnectionStringBuilder(postgres) { Database = name }.ConnectionString;
    }
}
