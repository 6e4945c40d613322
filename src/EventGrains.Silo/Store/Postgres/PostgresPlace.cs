using System.Net.Sockets;
using EventGrains.Silo.Cluster;
using Npgsql;

namespace EventGrains.Silo.Store.Postgres;

/// <summary>Which database, how it is named to people, and what its errors mean to them. A password is never part of a message.</summary>
internal sealed class PostgresPlace(string name)
{
    /// <summary>Where each commit tells that it is there.</summary>
    public const string Channel = "eventgrains_commits";

    public string Name { get; } = name;

    public string Remedy => $"see that PostgreSQL runs, is reached at {Name}, and has room; it resumes by itself";

    public static PostgresPlace Of(SiloSettings settings)
    {
        var parsed = Parse(settings);
        return new PostgresPlace($"{parsed.Host}:{parsed.Port}/{parsed.Database}");
    }

    /// <exception cref="StoreUnusableException">It is no connection string.</exception>
    public static NpgsqlConnectionStringBuilder Parse(SiloSettings settings)
    {
        try
        {
            var parsed = PostgresConnection.Parse(settings.Postgres);
            parsed.Database ??= parsed.Username ?? "eventgrains";
            return parsed;
        }
        catch (FormatException e)
        {
            throw new StoreUnusableException(e.Message, e);
        }
    }

    /// <summary>Why it cannot be opened and what to do, for failures that no waiting mends; null for those that waiting may.</summary>
    public string? Hopeless(Exception failure) => failure switch
    {
        PostgresException { SqlState: "28P01" or "28000" } e =>
            $"PostgreSQL at {Name} refuses the user: {e.MessageText}; check user name and password in the connection, and pg_hba.conf there",
        PostgresException { SqlState: "3D000" } e =>
            $"PostgreSQL at {Name}: {e.MessageText}; create the database, or name another in the connection",
        PostgresException { SqlState: "42501" } e =>
            $"PostgreSQL at {Name}: {e.MessageText}; the user must own the database or be granted CREATE on it",
        _ => null,
    };

    /// <summary>Whether the database could not write because a disk of it is full.</summary>
    public static bool IsFull(Exception failure) => failure is PostgresException { SqlState: PostgresErrorCodes.DiskFull };

    /// <summary>Whether it is the data that the database does not take: the same would be refused again. Class 22: a value; 23: a key; 54: too much of it.</summary>
    public static bool IsRefusal(PostgresException failure) => failure.SqlState[..2] is "22" or "23" or "54";

    /// <summary>Whether the database or the way to it is away, and the same call may succeed on another connection.</summary>
    public static bool IsAway(Exception failure) => failure switch
    {
        // Class 08: the connection; 57: shut down, crashed, starting, cancelled, idle too long; 53: out of room, memory or connections; 58030: its disk
        // failed; 55P03, 40xxx: had to wait too long, or gave way.
        PostgresException e => e.SqlState is "57014" or "57P01" or "57P02" or "57P03" or "57P05" or "55P03" or "58030" || e.SqlState[..2] is "08" or "53" or "40",
        NpgsqlException or TimeoutException or IOException or SocketException or ObjectDisposedException => true,
        InvalidOperationException { InnerException: { } inner } => IsAway(inner),
        _ => false,
    };
}
