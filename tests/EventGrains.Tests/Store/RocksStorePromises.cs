using EventGrains.Contracts.Files;
using EventGrains.Contracts.Shards;
using EventGrains.Contracts.Transitions;
using EventGrains.Files;
using EventGrains.Silo;
using EventGrains.Silo.Store;
using EventGrains.Silo.Store.Rocks;
using EventGrains.Silo.Store.Rows;
using RocksDbSharp;

namespace EventGrains.Tests.Store;

/// <summary>The promises, kept by RocksDB; and what only a store with a directory can promise.</summary>
public sealed class RocksStorePromises : StoreReadPromises
{
    private readonly string _home = Directory.CreateTempSubdirectory("eventgrains-store-").FullName;

    private string Place => Path.Combine(_home, "store");

    private static SiloSettings Settings => new() { Shards = Sample.Shards, StoreCacheBytesMax = 8 << 20 };

    private protected override Task<IStore> Open() => Task.FromResult<IStore>(RocksStore.Open(Place, Settings));

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(_home, recursive: true);
    }

    [Fact]
    public async Task Closing_and_opening_keeps_everything()
    {
        var owner = await Store.TakeOver(1);
        var file = Sample.New(Sample.IdIn(1), owner.NextFileNumber, "/a/b", 7, "run-1");
        var set = Sample.Of(owner).With(file);
        set.Intents.Add(new IntentChange(Sample.IntentOf(file), Remove: false));
        set.Positions.Add(new PositionRow(1, "doors", "p", 1, 1, 99, null));
        set.DeadLetters.Add(new DeadLetter("doors", "p", 1, 50, "reason", [1], Sample.Noon));
        var outcome = await Store.Commit([set]);
        await Store.WriteGrain("g:a", [1], 0);
        await Store.DisposeAsync();

        await using var again = RocksStore.Open(Place, Settings);

        Same(file, await again.Find(file.Id));
        Assert.Single(await again.FindByPath("dcache", "/a/b", 10));
        Assert.Equal(outcome.CommitIndex, (await again.ReadLogEnds()).Latest.Index);
        Assert.Single((await again.ReadIntents(1, null, 10)).Items);
        Assert.Equal(99, Assert.Single(await again.ReadPositions("doors", "p")).Position);
        Assert.Single((await again.ReadDeadLetters(null, 10)).Items);
        Assert.Equal(1, Assert.Single(await again.ReadDatasets(null, 10)).Files);
        Assert.Equal(1, (await again.ReadGrain("g:a"))!.Version);
        var next = await again.TakeOver(1);
        Assert.True(next.Epoch > owner.Epoch);
        Assert.Equal(owner.NextFileNumber + 1, next.NextFileNumber);
        var figures = await again.ReadFigures();
        Assert.Equal((1, 1, 1), (figures.Files, figures.Transitions, figures.DeadLetters));

        // A directory of the earlier life keeps its number: the new file stands beside the old one.
        await again.Commit([Sample.Of(next).With(Sample.New(Sample.IdIn(1, 1), next.NextFileNumber, "/a/c"))]);
        Assert.Single(await again.FindByPath("dcache", "/a/b", 10));
        Assert.Single(await again.FindByPath("dcache", "/a/c", 10));
    }

    [Fact]
    public async Task A_shard_counts_on_in_a_store_of_before_which_is_closed_to_the_program_that_wrote_it()
    {
        var owner = await Store.TakeOver(1);
        await Store.Commit([Sample.Of(owner).With(Sample.New(Sample.IdIn(1), owner.NextFileNumber, "/a"))]);
        await Store.DisposeAsync();
        using (var tables = RocksTables.Open(Place, Settings))
        {
            var key = new RowWriter();
            tables.Database.Put(Meta.SchemaKey, Meta.Digits(2), tables.Meta);
            tables.Database.Remove(key.Shard(1).Written.ToArray(), tables.Sequences);
            foreach (var (shard, first, count) in new[] { (0, 1, 9), (1, 1, 3), (1, 4, 2), (2, 1, 7) })
            {
                var row = new RowWriter();
                row.Varint(count);
                tables.Database.Put(key.Sequence(shard, first).Written.ToArray(), row.Written.ToArray(), tables.Sequences);
            }
        }

        await using (var again = RocksStore.Open(Place, Settings))
        {
            Assert.Equal(6, (await again.TakeOver(1)).NextSequence);
            Assert.Equal(6, (await again.TakeOver(1)).NextSequence);
            Assert.Equal(10, (await again.TakeOver(0)).NextSequence);
            Assert.Equal(8, (await again.TakeOver(2)).NextSequence);
            Assert.Equal(1, (await again.TakeOver(3)).NextSequence);
        }

        using var left = RocksTables.Open(Place, Settings);
        Assert.True(Meta.ReadDigits(left, Meta.SchemaKey) > 2);
        using var rows = new Scan(left, left.Sequences, default);
        Assert.Equal([true, true, true, false], Enumerable.Range(0, 4).Select(_ => rows.Next()));
    }

    [Fact]
    public async Task A_copy_of_a_directory_in_use_holds_every_committed_set()
    {
        // What a kill -9 leaves: the files as they are, nothing closed. So little is written that RocksDB merges and deletes no file meanwhile.
        await CommitFiles(50, perCommit: 20);
        var copy = CopyOfAllFiles();

        await using var killed = RocksStore.Open(copy, Settings);

        var page = await killed.ReadLog(new Cursor(killed.History, 0, -1), 10_000);
        Assert.Equal(1_000, page.Items.Count);
        IReadOnlyList<FileState?> loaded = await killed.Load(1, [.. page.Items.Select(i => i.Transition.Id)]);
        Assert.DoesNotContain(null, loaded);
        Assert.Equal(1_000, (await killed.ReadFigures()).Files);
    }

    /// <summary>RocksDB folds its tables behind our back; a copy during which a file went is no moment's picture, and is made again.</summary>
    private string CopyOfAllFiles()
    {
        for (var attempt = 0; ; attempt++)
        {
            var copy = Directory.CreateDirectory(Path.Combine(_home, $"copy-{attempt}")).FullName;
            var before = Directory.GetFiles(Place).Order().ToArray();
            try
            {
                foreach (var file in before)
                {
                    File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
                }
            }
            catch (FileNotFoundException) when (attempt < 100)
            {
                continue;
            }

            if (before.SequenceEqual(Directory.GetFiles(Place).Order()))
            {
                return copy;
            }
        }
    }

    [Fact]
    public async Task A_store_keeps_its_history_over_a_restart_and_shares_it_with_no_other()
    {
        var history = Store.History;
        await Store.DisposeAsync();

        await using var again = RocksStore.Open(Place, Settings);
        await using var other = RocksStore.Open(Path.Combine(_home, "other"), Settings);

        Assert.Equal(history, again.History);
        Assert.NotEqual(history, other.History);
    }

    [Fact]
    public async Task The_store_keeps_the_number_of_shards_that_it_was_created_with()
    {
        await Store.DisposeAsync();

        await using var again = RocksStore.Open(Place, new SiloSettings { Shards = 64 });

        Assert.Equal(Sample.Shards, again.Shards);
    }

    [Fact]
    public void A_directory_in_use_is_refused_with_what_to_do()
    {
        var refused = Assert.Throws<StoreUnusableException>(() => RocksStore.Open(Place, Settings));

        Assert.Contains("in use", refused.Message, StringComparison.Ordinal);
        Assert.Contains(Place, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_newer_schema_is_refused_naming_both()
    {
        await Store.DisposeAsync();
        var options = new DbOptions().SetCreateMissingColumnFamilies(true);
        var families = new ColumnFamilies();
        foreach (var name in RocksTables.Names.Append("invented-later"))
        {
            families.Add(name, new ColumnFamilyOptions());
        }

        using (var database = RocksDb.Open(options, Place, families))
        {
            database.Put("schema", "7");
        }

        var refused = Assert.Throws<StoreUnusableException>(() => RocksStore.Open(Place, Settings));

        Assert.Contains("schema 7", refused.Message, StringComparison.Ordinal);
        Assert.Contains("up to 3", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_directory_of_other_files_is_refused()
    {
        var other = Directory.CreateDirectory(Path.Combine(_home, "other")).FullName;
        File.WriteAllText(Path.Combine(other, "thesis.tex"), "");

        Assert.Contains("no store", Assert.Throws<StoreUnusableException>(() => RocksStore.Open(other, Settings)).Message, StringComparison.Ordinal);
        Assert.Equal(["thesis.tex"], Directory.EnumerateFileSystemEntries(other).Select(Path.GetFileName));
    }

    [Fact]
    public void A_foreign_RocksDB_is_refused()
    {
        var other = Path.Combine(_home, "foreign");
        using (var database = RocksDb.Open(new DbOptions().SetCreateIfMissing(true), other))
        {
            database.Put("a", "b");
        }

        Assert.Contains("no store", Assert.Throws<StoreUnusableException>(() => RocksStore.Open(other, Settings)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_or_a_place_that_cannot_be_created_is_refused()
    {
        var file = Path.Combine(_home, "file");
        File.WriteAllText(file, "");

        Assert.Contains("is a file", Assert.Throws<StoreUnusableException>(() => RocksStore.Open(file, Settings)).Message, StringComparison.Ordinal);
        Assert.Contains("cannot be created", Assert.Throws<StoreUnusableException>(() => RocksStore.Open(Path.Combine(file, "x"), Settings)).Message, StringComparison.Ordinal);
        Assert.Throws<StoreUnusableException>(() => RocksStore.Open("/proc/eventgrains-store", Settings));
    }

    [Fact]
    public async Task What_was_not_written_changes_nothing_that_is_remembered()
    {
        var owner = await Store.TakeOver(1);
        var orphan = Sample.Of(owner).With(Sample.New(Sample.IdIn(1), owner.NextFileNumber, "/a/b", 1, "run-1"));
        orphan.Transitions.Add(Sample.TransitionOf(Sample.New(Sample.IdIn(1, 7), 0)));
        await Assert.ThrowsAsync<RowRefusedException>(() => Store.Commit([orphan]));

        var file = Sample.New(Sample.IdIn(1), owner.NextFileNumber, "/a/b", 1, "run-1");
        var outcome = await Store.Commit([Sample.Of(owner).With(file)]);

        Assert.Equal(1, outcome.CommitIndex);
        Assert.Equal(1, Assert.Single(await Store.ReadDatasets(null, 10)).Files);
        Assert.Single(await Store.FindByPath("dcache", "/a/b", 10));
    }

    [Fact]
    public async Task Beyond_the_bound_a_dead_letter_takes_the_place_of_its_sources_oldest()
    {
        await using var small = RocksStore.Open(Path.Combine(_home, "small"), new SiloSettings { Shards = Sample.Shards, DeadLettersKeptMax = 3 });
        var owner = await small.TakeOver(1);
        for (var i = 0; i < 5; i++)
        {
            var set = Sample.Of(owner);
            set.DeadLetters.Add(new DeadLetter("doors", "p", 1, i, "reason", [], Sample.Noon));
            set.DeadLetters.AddRange(i == 0 ? [new DeadLetter("bucket", "p", 1, 0, "reason", [], Sample.Noon)] : []);
            await small.Commit([set]);
        }

        var kept = (await small.ReadDeadLetters(null, 10)).Items.Select(l => (l.Source, l.Position));
        Assert.Equal([("bucket", 0), ("doors", 3), ("doors", 4)], kept);
        Assert.Equal(3, (await small.ReadFigures()).DeadLetters);
    }

    [Fact]
    public async Task A_page_that_looked_at_its_bound_of_rows_is_partial_and_goes_on()
    {
        await CommitFiles(3, perCommit: 1_000);
        await Store.DisposeAsync();
        await using var bounded = RocksStore.Open(Place, new SiloSettings { ListRowsScannedMax = 1_000 });

        var page = await bounded.List(new FileQuery(Dataset: "none"));

        Assert.Empty(page.Items);
        Assert.NotNull(page.Next);
        var pages = 1;
        for (; page.Next is { } next; pages++)
        {
            page = await bounded.List(new FileQuery(Dataset: "none", After: next));
        }

        Assert.Equal(3, pages);
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

    [Fact]
    public async Task Reads_go_on_while_the_store_is_closed_and_opened_again()
    {
        await CommitFiles(2, perCommit: 10);
        var reads = Enumerable.Range(0, 200).Select(_ => Store.Find(Sample.IdIn(1, 3))).ToList();

        await Store.Recover();
        reads.AddRange(Enumerable.Range(0, 20).Select(_ => Store.Find(Sample.IdIn(1, 3))));

        IReadOnlyList<FileState?> found = await Task.WhenAll(reads);
        Assert.DoesNotContain(null, found);
    }
}
