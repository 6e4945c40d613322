using System.Collections.Concurrent;
using DotNet.Testcontainers.Builders;
using EventGrains.Tests.Faults;
using Npgsql;
using Testcontainers.PostgreSql;

namespace EventGrains.Tests.Postgres;

/// <summary>The one PostgreSQL of this test process, started by the first test that asks; each test has a database of its own.</summary>
/// <remarks>
/// It is the one that <see cref="Variable"/> names, else one of the machine's own programs, else one in Docker. Where there is none, the
/// test is skipped with the reason; in CI it fails.
/// </remarks>
internal static class PostgresServer
{
    /// <summary>A connection string of a running server, for a user who may create databases.</summary>
    public const string Variable = "EVENTGRAINS_TEST_POSTGRES";

    private const string Image = "postgres:15";

    private static readonly Lazy<Task<(string? ConnectionString, string? WhyNot)>> Shared = new(Find);
    private static readonly ConcurrentBag<string> Lent = [];

    // Held until the process ends: were it collected, its pipe would close, and the server end amid the tests.
    private static IAsyncDisposable? _ours;

    /// <summary>An empty database that nobody else has.</summary>
    public static async Task<string> NewDatabase()
    {
        var (server, whyNot) = await Shared.Value;
        Need(whyNot);
        var database = await PostgresInstance.NewDatabase(server!);
        Lent.Add(database);
        return database;
    }

    /// <summary>A server that the test may stop, kill and start again: always of the machine's own programs.</summary>
    /// <param name="settings">As in its configuration file, <c>name=value</c>.</param>
    public static Task<PostgresInstance> StartPrivate(params string[] settings)
    {
        Need(PostgresInstance.WhyNot());
        return PostgresInstance.Launch(settings);
    }

    /// <summary>The same, with all that it keeps in a directory, such as a disk of its own.</summary>
    public static Task<PostgresInstance> StartPrivateIn(string place, params string[] settings)
    {
        Need(PostgresInstance.WhyNot());
        return PostgresInstance.LaunchIn(place, settings);
    }

    /// <summary>The same database by way of a link that can fail.</summary>
    public static (FaultProxy Link, string ConnectionString) Behind(string connectionString)
    {
        var direct = new NpgsqlConnectionStringBuilder(connectionString);
        var link = new FaultProxy(direct.Host!, direct.Port);
        return (link, new NpgsqlConnectionStringBuilder(connectionString) { Host = "127.0.0.1", Port = link.Port }.ConnectionString);
    }

    /// <summary>For a test that filled its database; all others go with the server, or from a named one when this process ends.</summary>
    public static async Task Drop(string connectionString)
    {
        var there = new NpgsqlConnectionStringBuilder(connectionString);
        var database = there.Database;
        there.Database = "postgres";
        await PostgresInstance.Run(there.ConnectionString, $"DROP DATABASE IF EXISTS {database} WITH (FORCE)");
    }

    private static void Need(string? whyNot)
    {
        if (whyNot is null)
        {
            return;
        }

        Assert.SkipUnless(Environment.GetEnvironmentVariable("CI") == "true", whyNot);
        Assert.Fail($"in CI nothing may be skipped: {whyNot}");
    }

    private static async Task<(string? ConnectionString, string? WhyNot)> Find()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named)
        {
            AppDomain.CurrentDomain.ProcessExit += (_, _) => Task.WhenAll(Lent.Select(Drop)).GetAwaiter().GetResult();
            return (named, null);
        }

        if (PostgresInstance.WhyNot() is not { } noPrograms)
        {
            var instance = await PostgresInstance.Launch();
            _ours = instance;
            return (instance.ConnectionString, null);
        }

        try
        {
            var container = new PostgreSqlBuilder(Image).Build();
            _ours = container;
            await container.StartAsync();
            return (container.GetConnectionString(), null);
        }
        catch (DockerUnavailableException)
        {
            return (null, $"no PostgreSQL: {Variable} names none; {noPrograms}; Docker does not answer");
        }
    }
}
