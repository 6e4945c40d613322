using EventGrains.Contracts.Status;
using EventGrains.Silo;
using EventGrains.Silo.Cluster;
using EventGrains.Silo.Store;
using EventGrains.Silo.Store.Postgres;
using EventGrains.Tests.Postgres;
using Npgsql;

namespace EventGrains.Tests.Store.Postgres;

/// <summary>A database that cannot be the store: the message says why, and what to do; never the password.</summary>
public sealed class RefusedDatabaseTests
{
    [Fact]
    public async Task A_newer_schema_is_refused_naming_what_is_needed()
    {
        await using var database = await SharedDatabase.New();
        await database.Open();
        await database.Run("update store set version = 9, usable_from = 8");

        var refused = await Refused(new SiloSettings { Postgres = database.Connection });

        Assert.Contains("schema 9", refused, StringComparison.Ordinal);
        Assert.Contains("of schema 8 and later", refused, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_newer_schema_that_older_programs_may_use_is_used()
    {
        await using var database = await SharedDatabase.New();
        await database.Open();
        await database.Run("update store set version = 9, usable_from = 1");

        Assert.Equal(Sample.Shards, (await database.Open()).Shards);
    }

    [Fact]
    public async Task The_database_of_another_cluster_is_refused()
    {
        await using var database = await SharedDatabase.New();
        await database.Open();

        var refused = await Refused(new SiloSettings { Postgres = database.Connection, Cluster = "other" });

        Assert.Contains("belongs to the cluster 'eventgrains'", refused, StringComparison.Ordinal);
        Assert.Contains("--cluster eventgrains", refused, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_that_is_not_there_is_named()
    {
        var missing = new NpgsqlConnectionStringBuilder(await PostgresServer.NewDatabase()) { Database = "nowhere" };

        Assert.Contains("create the database", await Refused(new SiloSettings { Postgres = missing.ConnectionString }), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_does_not_answer_is_waited_for_and_then_named()
    {
        var settings = new SiloSettings { Postgres = "Host=127.0.0.1;Port=1;Username=me;Password=secret", StoreWaitSeconds = 0 };

        var refused = await Refused(settings, isAway: true);

        Assert.Contains("127.0.0.1:1/me does not answer", refused, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", refused, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_goes_away_while_the_cluster_is_prepared_may_be_back_at_the_next_start()
    {
        await using var gone = PostgresConnection.Open("Host=127.0.0.1;Port=1;Username=me");

        Assert.True((await Assert.ThrowsAsync<StoreUnusableException>(() => PostgresCluster.Prepare(gone, CancellationToken.None))).IsAway);
    }

    [Fact]
    public async Task A_wrong_password_is_refused_at_once_and_not_repeated_in_the_message()
    {
        await using var server = await PostgresServer.StartPrivate();
        await server.Run("create role reader login password 'right'");
        await File.WriteAllTextAsync(Path.Combine(server.Folder, "data", "pg_hba.conf"), "host all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n");
        await server.Run("select pg_reload_conf()");
        var wrong = new NpgsqlConnectionStringBuilder(server.ConnectionString) { Username = "reader", Password = "guessed" };

        var refused = await Refused(new SiloSettings { Postgres = wrong.ConnectionString });

        Assert.Contains("check user name and password", refused, StringComparison.Ordinal);
        Assert.DoesNotContain("guessed", refused, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_user_who_may_not_create_the_schema_is_told_what_it_needs()
    {
        await using var server = await PostgresServer.StartPrivate();
        await server.Run("create role guest login");
        var guest = new NpgsqlConnectionStringBuilder(await server.NewDatabase()) { Username = "guest" };

        Assert.Contains("must own the database or be granted CREATE", await Refused(new SiloSettings { Postgres = guest.ConnectionString }), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_user_whose_right_was_taken_while_the_cluster_runs_is_named_and_the_store_counts_as_away()
    {
        await using var server = await PostgresServer.StartPrivate();
        await server.Run("create role owner login superuser");
        var place = new NpgsqlConnectionStringBuilder(await server.NewDatabase()) { Username = "owner" };
        await using var store = await PostgresStore.Open(new SiloSettings { Postgres = place.ConnectionString }, TimeProvider.System);

        await server.Run("alter role owner nologin");
        await server.Run("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'owner'");

        var away = await Assert.ThrowsAsync<StoreAwayException>(() => store.ReadFigures());
        Assert.Contains("refuses the user", away.Message, StringComparison.Ordinal);
        Assert.Contains("check user name and password", away.Message, StringComparison.Ordinal);
        await server.Run("alter role owner login");
        Assert.Equal(0, (await store.ReadFigures()).Transitions);
    }

    private static async Task<string> Refused(SiloSettings settings, bool isAway = false)
    {
        var refused = await Assert.ThrowsAsync<StoreUnusableException>(() => PostgresStore.Open(settings, TimeProvider.System));
        Assert.Equal(isAway, refused.IsAway);
        return refused.Message;
    }
}
