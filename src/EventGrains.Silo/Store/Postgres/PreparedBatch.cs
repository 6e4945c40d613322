using Npgsql;
using NpgsqlTypes;

namespace EventGrains.Silo.Store.Postgres;

/// <summary>Statements that go out in one message, prepared once on their connection; only the values change.</summary>
/// <remarks>A statement that the connection knows from another batch is not prepared again.</remarks>
internal sealed class PreparedBatch : IAsyncDisposable
{
    private readonly NpgsqlBatch batch;

    private PreparedBatch(NpgsqlBatch batch) => this.batch = batch;

    public static async Task<PreparedBatch> Of(NpgsqlConnection connection, IEnumerable<Statement> statements, CancellationToken ct)
    {
        var batch = new NpgsqlBatch(connection);
        foreach (var statement in statements)
        {
            var command = new NpgsqlBatchCommand(statement.Sql);
            foreach (var type in statement.Types)
            {
                command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = type });
            }

            batch.BatchCommands.Add(command);
        }

        await batch.PrepareAsync(ct);
        return new PreparedBatch(batch);
    }

    /// <summary>The values of one statement, by their places.</summary>
    public void Set(int statement, params object[] values)
    {
        var parameters = batch.BatchCommands[statement].Parameters;
        for (var i = 0; i < values.Length; i++)
        {
            parameters[i].Value = values[i];
        }
    }

    public Task Run(CancellationToken ct) => batch.ExecuteNonQueryAsync(ct);

    public Task<NpgsqlDataReader> Read(CancellationToken ct) => batch.ExecuteReaderAsync(ct);

    public ValueTask DisposeAsync() => batch.DisposeAsync();
}

internal readonly record struct Statement(string Sql, params NpgsqlDbType[] Types);
