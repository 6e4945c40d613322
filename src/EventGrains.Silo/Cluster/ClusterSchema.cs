using Npgsql;

namespace EventGrains.Silo.Cluster;

/// <summary>Makes in the database what Orleans needs there: <c>Orleans.sql</c>, which is embedded.</summary>
/// <remarks>
/// Any number of silos may start at once: one does it under an advisory lock, the others wait for it. A silo of an older version leaves
/// what a newer one made: within one release a newer schema must serve the older code too, so that both can run side by side.
/// </remarks>
internal static class ClusterSchema
{
    /// <summary>Add one with every change of <c>Orleans.sql</c>.</summary>
    public const int Version = 1;

    /// <summary>Any number that nobody else locks in this database.</summary>
    private const long Lock = 0x4576_4772_4F72_6C01;

    private const string QueryMark = "--@ ";

    public static async Task Ensure(NpgsqlDataSource database, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await Run(connection, $"SELECT pg_advisory_xact_lock({Lock})", ct);
        await Run(connection, $"CREATE SCHEMA IF NOT EXISTS {PostgresConnection.Schema}", ct);
        await Run(connection, "CREATE TABLE IF NOT EXISTS OrleansSchema (One boolean PRIMARY KEY DEFAULT true CHECK (One), Version integer NOT NULL)", ct);
        if (await Made(connection, ct) < Version)
        {
            var (tables, queries) = Parts(Script());
            await Run(connection, tables, ct);
            foreach (var (key, text) in queries)
            {
                await using var put = new NpgsqlCommand(
                    "INSERT INTO OrleansQuery (QueryKey, QueryText) VALUES ($1, $2) ON CONFLICT (QueryKey) DO UPDATE SET QueryText = excluded.QueryText", connection)
                {
                    Parameters = { new() { Value = key }, new() { Value = text } },
                };
                await put.ExecuteNonQueryAsync(ct);
            }

            await Run(connection, $"INSERT INTO OrleansSchema (Version) VALUES ({Version}) ON CONFLICT (One) DO UPDATE SET Version = excluded.Version", ct);
        }

        await transaction.CommitAsync(ct);
    }

    /// <summary>The statements that make tables, and the queries by key, as the script marks them.</summary>
    public static (string Tables, IReadOnlyList<(string Key, string Text)> Queries) Parts(string script)
    {
        var parts = script.Split('\n' + QueryMark);
        return (parts[0], [.. parts[1..].Select(part => part.Split('\n', 2)).Select(part => (part[0].Trim(), WithoutComments(part[1])))]);
    }

    public static string Script()
    {
        using var stream = typeof(ClusterSchema).Assembly.GetManifestResourceStream(typeof(ClusterSchema), "Orleans.sql")
            ?? throw new InvalidOperationException("Orleans.sql is not embedded; see EventGrains.Silo.csproj");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    // A comment above a mark is about what the mark begins.
    private static string WithoutComments(string text) =>
        string.Join('\n', text.Split('\n').Where(line => !line.StartsWith("--", StringComparison.Ordinal))).Trim().TrimEnd(';');

    private static async Task<int> Made(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("SELECT Version FROM OrleansSchema", connection);
        return await command.ExecuteScalarAsync(ct) is int version ? version : 0;
    }

    private static async Task Run(NpgsqlConnection connection, string text, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(text, connection);
        await command.ExecuteNonQueryAsync(ct);
    }
}
