using Npgsql;

namespace EventGrains.Silo.Cluster;

/// <summary>The user's PostgreSQL connection: what we add to it, and how it is shown.</summary>
public static class PostgresConnection
{
    /// <summary>All our tables, Orleans' included, are in this schema, whoever else uses the database.</summary>
    public const string Schema = "eventgrains";

    /// <summary>Membership and low-rate grains need few connections at once; more wait for one of these.</summary>
    private const int ClusterPoolMax = 8;

    /// <summary>What no answer came to within this is tried again by Orleans.</summary>
    private static readonly TimeSpan CommandMax = TimeSpan.FromSeconds(5);

    private const string Form = "Write Host=ADDRESS;Database=NAME;Username=NAME;Password=..., and further parameters of Npgsql if needed.";

    private const string Hidden = "***";

    /// <summary>Connections for membership and low-rate grains. They share nothing with the store's: a long commit must not delay a sign of life.</summary>
    /// <exception cref="FormatException">The message says what is wrong with the connection, without its password, and how to write one.</exception>
    public static NpgsqlDataSource Open(string connection)
    {
        var parts = Parse(connection);
        parts.SearchPath ??= Schema;
        parts.ApplicationName ??= "eventgrains cluster";
        parts.MaxPoolSize = Math.Min(parts.MaxPoolSize, ClusterPoolMax);
        parts.CommandTimeout = (int)CommandMax.TotalSeconds;
        parts.Timeout = (int)CommandMax.TotalSeconds;
        return NpgsqlDataSource.Create(parts);
    }

    /// <exception cref="FormatException">As in <see cref="Open"/>.</exception>
    public static NpgsqlConnectionStringBuilder Parse(string connection)
    {
        try
        {
            var parts = new NpgsqlConnectionStringBuilder(connection);
            return string.IsNullOrWhiteSpace(parts.Host) ? throw new FormatException($"The PostgreSQL connection names no Host. {Form}") : parts;
        }
        catch (Exception e) when (e is ArgumentException or KeyNotFoundException)
        {
            // The exception's own words may quote what was written, and so the password.
            throw new FormatException($"The PostgreSQL connection cannot be read. {Form}");
        }
    }

    /// <summary>The connection as it may be shown: nothing of what we cannot take apart.</summary>
    public static string Masked(string connection)
    {
        if (connection.Length == 0)
        {
            return "";
        }

        try
        {
            var parts = new NpgsqlConnectionStringBuilder(connection);
            foreach (var key in new[] { "Password", "SSL Password", "Passfile" })
            {
                if (parts.TryGetValue(key, out var value) && value is string { Length: > 0 })
                {
                    parts[key] = Hidden;
                }
            }

            return parts.ConnectionString;
        }
        catch (Exception e) when (e is ArgumentException or KeyNotFoundException or FormatException)
        {
            return Hidden;
        }
    }
}
