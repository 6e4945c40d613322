using Npgsql;

namespace EventGrains.Silo.Store.Postgres;

/// <summary>Statements with their parameters by place.</summary>
internal static class Statements
{
    public static NpgsqlCommand Command(this NpgsqlConnection connection, string sql, params object?[] parameters)
    {
        var command = new NpgsqlCommand(sql, connection);
        foreach (var parameter in parameters)
        {
            command.Parameters.Add(Parameter(parameter));
        }

        return command;
    }

    public static async Task<int> Run(this NpgsqlConnection connection, string sql, CancellationToken ct, params object?[] parameters)
    {
        await using var command = connection.Command(sql, parameters);
        return await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>All rows of a statement, each as <paramref name="read"/> gives it.</summary>
    public static async Task<List<T>> Rows<T>(
        this NpgsqlConnection connection, Func<NpgsqlDataReader, T> read, string sql, CancellationToken ct, params object?[] parameters)
    {
        await using var command = connection.Command(sql, parameters);
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.All(read, ct);
    }

    public static Task<List<T>> Rows<T>(this NpgsqlConnection connection, Asked<T> asked, CancellationToken ct) =>
        connection.Rows(asked.Read, asked.Sql, ct, asked.Parameters);

    /// <summary>The rows of two statements that are sent together.</summary>
    public static async Task<(List<TFirst> First, List<TSecond> Second)> Both<TFirst, TSecond>(
        this NpgsqlConnection connection, Asked<TFirst> first, Asked<TSecond> second, CancellationToken ct)
    {
        await using var batch = new NpgsqlBatch(connection) { BatchCommands = { first.Command(), second.Command() } };
        await using var reader = await batch.ExecuteReaderAsync(ct);
        var firstRows = await reader.All(first.Read, ct);
        await reader.NextResultAsync(ct);
        return (firstRows, await reader.All(second.Read, ct));
    }

    private static async Task<List<T>> All<T>(this NpgsqlDataReader reader, Func<NpgsqlDataReader, T> read, CancellationToken ct)
    {
        var rows = new List<T>();
        while (await reader.ReadAsync(ct))
        {
            rows.Add(read(reader));
        }

        return rows;
    }

    public static byte[] Bytes(this NpgsqlDataReader reader, int column) => reader.GetFieldValue<byte[]>(column);

    internal static NpgsqlParameter Parameter(object? value) => new() { Value = value ?? DBNull.Value };
}

/// <summary>A statement and how its rows are read, to be sent alone or together with another.</summary>
internal sealed record Asked<T>(Func<NpgsqlDataReader, T> Read, string Sql, params object?[] Parameters)
{
    public NpgsqlBatchCommand Command()
    {
        var command = new NpgsqlBatchCommand(Sql);
        foreach (var parameter in Parameters)
        {
            command.Parameters.Add(Statements.Parameter(parameter));
        }

        return command;
    }
}
