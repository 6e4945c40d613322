using EventGrains.Contracts.Files;
using EventGrains.Contracts.Shards;
using EventGrains.Contracts.Status;
using EventGrains.Contracts.Transitions;
using EventGrains.Silo;
using EventGrains.Silo.Store;
using EventGrains.Silo.Store.Postgres;
using EventGrains.Tests.Postgres;
using Npgsql;

namespace EventGrains.Tests.Store.Postgres;

/// <summary>The promises, kept by PostgreSQL; and what only a store that several silos share can promise.</summary>
public sealed class PostgresStorePromises : StoreReadPromises
{
    private string _database = "";

    private SiloSettings Settings => new() { Shards = Sample.Shards, Postgres = _database };

    private protected override async Task<IStore> Open()
    {
        _database = await PostgresServer.NewDatabase();
        return await PostgresStore.Open(Settings, TimeProvider.System);
    }

    [Fact]
    public async Task Closing_and_opening_keeps_everything()
    {
        var owner = await Store.TakeOver(1);
        var file = Sample.New(Sample.IdIn(1), owner.NextFileNumber, "/a/b", 7, "run-1");
        var set = Sample.Of(owner).With(file);
        set.Positions.Add(new PositionRow(1, "doors", "p", 1, 1, 99, null));
        await Store.Commit([set]);
        await Store.DisposeAsync();

        await using var again = await PostgresStore.Open(Settings, TimeProvider.System);

        Same(file, await again.Find(file.Id));
        Assert.Equal(Store.History, again.History);
        Assert.Equal(99, Assert.Single(await again.ReadPositions("doors", "p")).Position);
        var next = await again.TakeOver(1);
        Assert.True(next.Epoch > owner.Epoch);
        Assert.Equal(owner.NextFileNumber + 1, next.NextFileNumber);
    }

    [Fact]
    public async Task Silos_that_start_together_make_the_tables_once()
    {
        var database = await PostgresServer.NewDatabase();
        var settings = new SiloSettings { Shards = Sample.Shards, Postgres = database };

        var opened = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => PostgresStore.Open(settings, TimeProvider.System)));

        Assert.Single(opened.Select(s => s.History).Distinct());
        await Assert.AllAsync(opened, s => s.DisposeAsync().AsTask());
    }

    [Fact]
    public async Task The_store_keeps_the_number_of_shards_that_it_was_created_with()
    {
        await using var again = await PostgresStore.Open(new SiloSettings { Shards = 64, Postgres = _database }, TimeProvider.System);

        Assert.Equal(Sample.Shards, again.Shards);
    }

    [Fact]
    public async Task Another_silos_commit_is_told()
    {
        var told = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var other = await PostgresStore.Open(Settings, TimeProvider.System);
        other.Committed += index =>
        {
            if (index > 0)
            {
                told.TrySetResult(index);
            }
        };
        var owner = await Store.TakeOver(1);

        var outcome = await Store.Commit([Sample.Of(owner).With(Sample.New(Sample.IdIn(1), owner.NextFileNumber))]);

        Assert.Equal(outcome.CommitIndex, await told.Task.WaitAsync(TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public async Task Who_follows_the_log_finds_at_once_what_another_silo_has_committed()
    {
        await using var other = await PostgresStore.Open(Settings, TimeProvider.System);
        var owner = await Store.TakeOver(1);
        var at = (await other.ReadLogEnds()).Latest;
        for (var n = 0; n < 100; n++)
        {
            await Store.Commit([Sample.Of(owner).With(Sample.New(Sample.IdIn(1, n), owner.NextFileNumber + n))]);

            var page = await other.ReadLog(at, 10);

            Assert.Equal(Sample.IdIn(1, n), Assert.Single(page.Items).Transition.Id);
            at = page.Next;
        }
    }

    [Fact]
    public async Task Beyond_the_bound_the_oldest_dead_letters_of_the_fullest_source_go()
    {
        await using var small = await PostgresStore.Open(new SiloSettings { Postgres = _database, DeadLettersKeptMax = 3 }, TimeProvider.System);
        var owner = await small.TakeOver(1);
        for (var i = 0; i < 5; i++)
        {
            var set = Sample.Of(owner);
            set.DeadLetters.Add(new DeadLetter("doors", "p", 1, i, "reason", [], Sample.Noon));
            set.DeadLetters.AddRange(i == 0 ? [new DeadLetter("bucket", "p", 1, 0, "reason", [], Sample.Noon)] : []);
            await small.Commit([set]);
        }

        await small.PruneLog(1_000);

        var kept = (await small.ReadDeadLetters(null, 10)).Items.Select(l => (l.Source, l.Position));
        Assert.Equal([("bucket", 0), ("doors", 3), ("doors", 4)], kept);
    }

    [Fact]
    public async Task A_part_of_the_log_that_is_beyond_the_retention_is_dropped_whole_and_nothing_else_is_missed()
    {
        await CommitFiles(11, perCommit: 1_000);
        await Store.PruneLog(20_000);
        await CommitFiles(2, perCommit: 1_000, firstName: 20_000);
        var all = (await Store.ReadLog(new Cursor(Store.History, 0, -1), 100_000)).Items;

        Assert.Equal(11_500, await Store.PruneLog(1_500));

        var ends = await Store.ReadLogEnds();
        Assert.Equal(all[11_499].Cursor, ends.Earliest);
        var page = await Store.ReadLog(ends.Earliest, 100_000);
        Assert.Null(page.Gap);
        Assert.Equal(all.Skip(11_500).Select(i => i.Cursor), page.Items.Select(i => i.Cursor));
        Assert.Equal([2], await Parts());
        Assert.Empty(await Store.ReadHistory(all[0].Transition.Id, 0, 10));
        Assert.Single(await Store.ReadHistory(all[^1].Transition.Id, 0, 10));
    }

    [Fact]
    public async Task The_commits_of_dropped_transitions_go_with_them_however_many_they_are()
    {
        var owner = await Store.TakeOver(1);
        await Store.Commit([.. Sets(owner, 0, 11_000)]);
        await Store.PruneLog(20_000);
        await Store.Commit([.. Sets(owner, 11_000, 3)]);

        await Execute("insert into eventgrains.commits (index, batch, part, transitions, total) select -n, -n, 1, 0, 0 from generate_series(1, 11000) as n");

        await Store.PruneLog(1);

        Assert.Equal([2], await Parts());
        Assert.Equal(1, await Count("commits"));
        Assert.Equal(0, await Store.PruneLog(1));
    }

    [Fact]
    public async Task Files_are_counted_again_for_one_dataset_at_a_time()
    {
        await using var direct = NpgsqlDataSource.Create(_database);
        await using var connection = await direct.OpenConnectionAsync();
        await connection.Run("begin; lock table eventgrains.files in access exclusive mode", CancellationToken.None);
        var first = Store.Recount("run-1");

        var refused = await Assert.ThrowsAsync<StoreAwayException>(() => Store.Recount("run-2"));
        await connection.Run("rollback", CancellationToken.None);

        Assert.Contains("ask again when that is done", refused.Message, StringComparison.Ordinal);
        Assert.Equal("run-1", (await first).Recounted.Name);
        Assert.Equal("run-2", (await Store.Recount("run-2")).Recounted.Name);
    }

    [Fact]
    public async Task A_shards_row_names_the_connection_that_commits_it_whatever_it_named_before()
    {
        var (first, second) = (await Store.TakeOver(0), await Store.TakeOver(1));
        await using var direct = NpgsqlDataSource.Create(_database);
        await using var connection = await direct.OpenConnectionAsync();
        await connection.Run("update eventgrains.shards set backend = 1, backend_start = 'epoch' where shard = 1", CancellationToken.None);

        await Store.Commit([Sample.Of(first).With(Sample.New(Sample.IdIn(0), first.NextFileNumber)), Sample.Of(second).With(Sample.New(Sample.IdIn(1), second.NextFileNumber))]);

        var named = await connection.Rows(r => (r.GetInt32(0), r.GetFieldValue<DateTime>(1)), "select backend, backend_start from eventgrains.shards where shard in (0, 1)", CancellationToken.None);
        Assert.Equal(named[0], named[1]);
        Assert.NotEqual(1, named[0].Item1);
    }

    [Fact]
    public async Task What_the_database_refuses_is_found_by_shard_and_the_others_commit()
    {
        var (first, second) = (await Store.TakeOver(0), await Store.TakeOver(1));
        await Store.Commit([Sample.Of(second).With(Sample.New(Sample.IdIn(1), second.NextFileNumber))]);
        var good = Sample.Of(first).With(Sample.New(Sample.IdIn(0), first.NextFileNumber));

        // A number that is taken: no two rows may have it.
        var bad = Sample.Of(second).With(Sample.New(Sample.IdIn(1, 1), second.NextFileNumber));
        var refused = await Assert.ThrowsAsync<RowRefusedException>(() => Store.Commit([good, bad]));

        Assert.Equal((1, null), (refused.Shard, refused.File));
        Assert.Equal([true], (await Store.Commit([good])).Committed);
        Assert.Equal(2, await Count("commits"));
    }

    [Fact]
    public async Task A_commit_without_a_transition_has_a_number_and_leaves_nothing_to_read_past()
    {
        var owner = await Store.TakeOver(1);
        for (var i = 1; i <= 3; i++)
        {
            var silent = Sample.Of(owner);
            silent.Positions.Add(new PositionRow(1, "doors", "p", 1, 1, i, null));
            Assert.Equal(i, (await Store.Commit([silent])).CommitIndex);
        }

        var heard = await Store.Commit([.. Sets(owner, 0, 1)]);

        Assert.Equal(4, heard.CommitIndex);
        Assert.Equal(1, await Count("commits"));
        Assert.Equal(heard.CommitIndex, Assert.Single((await Store.ReadLog(new Cursor(Store.History, 0, -1), 10)).Items).Cursor.Index);
    }

    [Theory]
    [InlineData("x!")]
    [InlineData("bgAA")]
    [InlineData("")]
    public async Task A_malformed_cursor_is_refused_with_what_to_use(string cursor)
    {
        foreach (var query in new[] { new FileQuery(After: cursor), new FileQuery(Path: "/a", After: cursor) })
        {
            Assert.Contains("next", (await Assert.ThrowsAsync<ArgumentException>(() => Store.List(query))).Message, StringComparison.Ordinal);
        }

        await Assert.ThrowsAsync<ArgumentException>(() => Store.ReadIntents(1, cursor, 10));
    }

    /// <summary>One file and one transition each, as many small calls make them.</summary>
    private static IEnumerable<ChangeSet> Sets(ShardOwnership owner, int first, int count) => Enumerable.Range(first, count).Select(n =>
        Sample.Of(owner).With(Sample.New(Sample.IdIn(1, n), owner.NextFileNumber + n, $"/d/{n}", 1)));

    private async Task Execute(string sql)
    {
        await using var direct = NpgsqlDataSource.Create(_database);
        await using var connection = await direct.OpenConnectionAsync();
        await connection.Run(sql, CancellationToken.None);
    }

    private async Task<long> Count(string table)
    {
        await using var direct = NpgsqlDataSource.Create(_database);
        await using var connection = await direct.OpenConnectionAsync();
        return (await connection.Rows(r => r.GetInt64(0), $"select count(*) from eventgrains.{table}", CancellationToken.None))[0];
    }

    private async Task<List<int>> Parts()
    {
        await using var direct = NpgsqlDataSource.Create(_database);
        await using var connection = await direct.OpenConnectionAsync();
        return await connection.Rows(r => r.GetInt32(0), "select part from eventgrains.parts order by part", CancellationToken.None);
    }
}
