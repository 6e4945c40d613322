using System.Diagnostics;
using System.Net.Sockets;
using Npgsql;

namespace EventGrains.Tests.Postgres;

/// <summary>What tests with a real PostgreSQL build on.</summary>
public sealed class PostgresServerTests
{
    [Fact]
    public async Task A_server_answers() => Assert.Equal(1, await PostgresInstance.Run(await PostgresServer.NewDatabase(), "SELECT 1"));

    [Fact]
    public async Task The_server_outlives_a_collection_of_garbage()
    {
        var database = await PostgresServer.NewDatabase();

        GC.Collect();
        GC.WaitForPendingFinalizers();

        Assert.Equal(1, await PostgresInstance.Run(database, "SELECT 1"));
    }

    [Fact]
    public async Task Two_databases_are_separate()
    {
        var (one, other) = (await PostgresServer.NewDatabase(), await PostgresServer.NewDatabase());

        await PostgresInstance.Run(one, "CREATE TABLE mine (id int)");

        Assert.Equal(0L, await PostgresInstance.Run(one, "SELECT count(*) FROM mine"));
        var failure = await Assert.ThrowsAsync<PostgresException>(() => PostgresInstance.Run(other, "SELECT count(*) FROM mine"));
        Assert.Equal(PostgresErrorCodes.UndefinedTable, failure.SqlState);
    }

    [Fact]
    public async Task A_server_and_its_folder_end_with_the_pipe_from_their_owner()
    {
        var server = await PostgresServer.StartPrivate();
        using var process = Process.GetProcessById(server.ProcessId);

        await server.DisposeAsync();

        Assert.True(process.HasExited);
        Assert.False(Directory.Exists(server.Folder));
        await Assert.ThrowsAsync<NpgsqlException>(() => server.Run("SELECT 1"));
    }

    [Fact]
    public async Task What_is_committed_outlives_a_stop_and_a_kill_on_the_same_port()
    {
        await using var server = await PostgresServer.StartPrivate();
        var port = server.Port;
        await server.Run("CREATE TABLE kept (id int)");

        foreach (var end in (Func<Task>[])[() => server.Stop(StopMode.Fast), () => server.Stop(StopMode.Immediate), server.Kill])
        {
            await server.Run("INSERT INTO kept VALUES (1)");
            await end();
            await Assert.ThrowsAsync<NpgsqlException>(() => server.Run("SELECT 1"));
            await server.Start();
        }

        Assert.Equal(3L, await server.Run("SELECT count(*) FROM kept"));
        Assert.Equal(port, server.Port);
    }

    [Fact]
    public async Task A_private_server_has_the_settings_it_is_given()
    {
        await using var server = await PostgresServer.StartPrivate("max_connections=7");

        Assert.Equal("7", await server.Run("SHOW max_connections"));
        Assert.Equal("on", await server.Run("SHOW fsync"));
    }
}
