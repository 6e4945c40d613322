using EventGrains.Contracts.Files;
using EventGrains.Contracts.Shards;
using EventGrains.Contracts.Transitions;
using EventGrains.Files;
using EventGrains.Silo.Store;

namespace EventGrains.Tests.Store;

/// <summary>What every store promises to those who read: the log, lists, sums, pages.</summary>
public abstract class StoreReadPromises : StoreSequencePromises
{
    [Fact]
    public async Task The_log_is_read_in_commit_order_from_any_cursor()
    {
        await CommitFiles(3, perCommit: 2);
        var ends = await Store.ReadLogEnds();

        var all = await Store.ReadLog(ends.Earliest, 100);

        Assert.Null(all.Gap);
        Assert.Equal(6, all.Items.Count);
        Assert.Equal(all.Items.Select(i => i.Cursor).Order(), all.Items.Select(i => i.Cursor));
        Assert.Equal([0, 1, 0, 1, 0, 1], all.Items.Select(i => i.Cursor.Ordinal));
        Assert.Equal(all.Items[^1].Cursor, all.Next);
        Assert.Equal(ends.Latest, all.Next);
        for (var i = 0; i < 6; i++)
        {
            var page = await Store.ReadLog(all.Items[i].Cursor, 2);
            Assert.Equal(all.Items.Skip(i + 1).Take(2).Select(t => t.Cursor), page.Items.Select(t => t.Cursor));
            Assert.Null(page.Gap);
        }

        Assert.Empty((await Store.ReadLog(all.Next, 10)).Items);
        Assert.Equal(all.Next, (await Store.ReadLog(all.Next, 10)).Next);
    }

    [Fact]
    public async Task A_page_of_the_log_that_is_not_full_is_the_last()
    {
        await CommitFiles(5, perCommit: 1);
        var all = (await Store.ReadLog((await Store.ReadLogEnds()).Earliest, 100)).Items;

        for (var i = 0; i < 5; i++)
        {
            var page = await Store.ReadLog(all[i].Cursor, 2);
            Assert.Equal(all.Skip(i + 1).Take(2).Select(t => t.Cursor), page.Items.Select(t => t.Cursor));
        }
    }

    [Fact]
    public async Task A_transition_comes_back_as_it_was_written()
    {
        var owner = await Store.TakeOver(1);
        var written = Sample.TransitionOf(Sample.New(Sample.IdIn(1), owner.NextFileNumber, "/a/b", 7, "run-1")) with
        {
            Rule = "mirror",
            Step = "replicate",
            StepState = StepState.Done,
        };
        var set = Sample.Of(owner).With(Sample.New(written.Id, owner.NextFileNumber));
        set.Transitions[0] = written;
        await Store.Commit([set]);

        var read = Assert.Single((await Store.ReadLog(new Cursor(Store.History, 0, -1), 10)).Items).Transition;

        Assert.Equal(written with { Changes = read.Changes, Datasets = read.Datasets }, read);
        Assert.Equal(written.Changes, read.Changes);
        Assert.Equal(written.Datasets, read.Datasets);
    }

    [Fact]
    public async Task Pruning_keeps_the_newest_and_tells_a_reader_that_was_behind()
    {
        await CommitFiles(5, perCommit: 2);
        var all = (await Store.ReadLog(new Cursor(Store.History, 0, -1), 100)).Items;

        Assert.Equal(6, await Store.PruneLog(4));
        Assert.Equal(0, await Store.PruneLog(4));

        var ends = await Store.ReadLogEnds();
        Assert.Equal(all[5].Cursor, ends.Earliest);
        var behind = await Store.ReadLog(all[2].Cursor, 100);
        Assert.Equal(new LogGap(all[2].Cursor, all[5].Cursor), behind.Gap);
        Assert.Equal(all.Skip(6).Select(i => i.Cursor), behind.Items.Select(i => i.Cursor));
        Assert.Null((await Store.ReadLog(all[5].Cursor, 100)).Gap);
        Assert.Null((await Store.ReadLog(all[5].Cursor with { Index = all[6].Cursor.Index, Ordinal = -1 }, 100)).Gap);
        Assert.Equal(4, (await Store.ReadFigures()).Transitions);
        Assert.Empty(await Store.ReadHistory(all[0].Transition.Id, 0, 10));
        Assert.Single(await Store.ReadHistory(all[9].Transition.Id, 0, 10));
    }

    [Fact]
    public async Task The_whole_log_can_be_pruned_and_goes_on()
    {
        await CommitFiles(2, perCommit: 2);
        Assert.Equal(4, await Store.PruneLog(0));
        var latest = (await Store.ReadLogEnds()).Latest;

        await CommitFiles(1, perCommit: 1, firstName: 100);

        var page = await Store.ReadLog(latest, 10);
        Assert.Null(page.Gap);
        Assert.Single(page.Items);
    }

    [Fact]
    public async Task A_cursor_of_another_history_or_of_the_future_gets_a_gap()
    {
        await CommitFiles(1, perCommit: 2);
        var ends = await Store.ReadLogEnds();

        var other = await Store.ReadLog(ends.Latest with { History = 77 }, 10);
        var future = await Store.ReadLog(ends.Latest with { Index = 1_000 }, 10);

        Assert.Equal(ends.Earliest, other.Gap!.To);
        Assert.Equal(2, other.Items.Count);
        Assert.Equal(ends.Latest, future.Gap!.To);
        Assert.Equal(ends.Latest, future.Next);
        Assert.Empty(future.Items);
    }

    [Fact]
    public async Task A_files_history_is_read_by_version()
    {
        var owner = await Store.TakeOver(1);
        var file = Sample.New(Sample.IdIn(1), owner.NextFileNumber, "/0");
        await Store.Commit([Sample.Of(owner).With(file), Sample.Of(owner).With(Sample.New(Sample.IdIn(1, 1), owner.NextFileNumber + 1))]);
        for (var i = 1; i < 5; i++)
        {
            var before = file;
            await Store.Commit([Sample.Of(owner).With(file = file.At($"/{i}"), before)]);
        }

        Assert.Equal([3, 4], (await Store.ReadHistory(file.Id, 2, 2)).Select(t => t.Transition.Version));
        Assert.Equal(["/0", "/1", "/2", "/3", "/4"], (await Store.ReadHistory(file.Id, 0, 10)).Select(t => t.Transition.Path));
        Assert.Empty(await Store.ReadHistory(file.Id, 5, 10));
        Assert.Empty(await Store.ReadHistory(Sample.IdIn(1, 9), 0, 10));
    }

    [Fact]
    public async Task Intents_are_paged_each_once_until_they_are_taken_away()
    {
        var owner = await Store.TakeOver(1);
        var files = Enumerable.Range(0, 5).Select(i => Sample.New(Sample.IdIn(1, i), owner.NextFileNumber + i)).ToList();
        var set = Sample.Of(owner);
        foreach (var file in files)
        {
            set.With(file);
            set.Intents.Add(new IntentChange(Sample.IntentOf(file), Remove: false));
            set.Intents.Add(new IntentChange(Sample.IntentOf(file, index: 1), Remove: false));
        }

        await Store.Commit([set]);
        var done = Sample.Of(owner).With(files[2] with { Version = 2 }, files[2]);
        done.Intents.Add(new IntentChange(Sample.IntentOf(files[2]), Remove: true));
        done.Intents.Add(new IntentChange(Sample.IntentOf(files[3]) with { Attempts = 3, Running = false }, Remove: false));
        await Store.Commit([done]);

        var read = new List<Intent>();
        string? after = null;
        do
        {
            var page = await Store.ReadIntents(1, after, 2);
            read.AddRange(page.Items);
            after = page.Next;
        }
        while (after is not null);

        var expected = files.SelectMany(f => new[] { Sample.IntentOf(f), Sample.IntentOf(f, index: 1) }).ToList();
        expected.Remove(Sample.IntentOf(files[2]));
        expected[expected.IndexOf(Sample.IntentOf(files[3]))] = Sample.IntentOf(files[3]) with { Attempts = 3, Running = false };
        Assert.Equal(expected, read);
        Assert.Empty((await Store.ReadIntents(0, null, 10)).Items);
    }

    [Fact]
    public async Task Kept_sums_equal_a_recount_at_any_time()
    {
        var owners = new List<ShardOwnership> { await Store.TakeOver(0), await Store.TakeOver(1), await Store.TakeOver(2) };
        var files = new List<FileState>();
        for (var round = 0; round < 3; round++)
        {
            var sets = owners.ConvertAll(o => Sample.Of(o).With(
                Sample.New(Sample.IdIn(o.Shard, round), o.NextFileNumber + round, null, 10 + round, "run-1", o.Shard == 0 ? "first" : "others")));
            files.AddRange(sets.ConvertAll(s => s.Files[0].After));
            await Store.Commit(sets);
        }

        var deleted = await Store.Commit([Sample.Of(owners[1]).With(files[4].Deleted(), files[4])]);

        foreach (var name in new[] { "run-1", "first", "others", "none" })
        {
            var recount = await Store.Recount(name);
            Assert.Equal(recount.Kept.Files, recount.Recounted.Files);
            Assert.Equal(recount.Kept.Bytes, recount.Recounted.Bytes);
            Assert.Equal(recount.Kept.Counts.OrderBy(c => c.Key), recount.Recounted.Counts.OrderBy(c => c.Key));
            Assert.Equal(deleted.CommitIndex, recount.CommitIndex);
        }

        var kept = (await Store.Recount("run-1")).Kept;
        Assert.Equal((9, 88, 8, 1), (kept.Files, kept.Bytes, kept.Counts[FileStatus.Stored], kept.Counts[FileStatus.Deleted]));
    }

    [Fact]
    public async Task Datasets_are_listed_by_name_page_by_page()
    {
        var owners = new List<ShardOwnership> { await Store.TakeOver(0), await Store.TakeOver(1) };
        await Store.Commit(owners.ConvertAll(o => Sample.Of(o).With(Sample.New(Sample.IdIn(o.Shard), o.NextFileNumber, null, 1, "a", "a-b", "b"))));

        Assert.Equal(["a", "a-b"], (await Store.ReadDatasets(null, 2)).Select(d => d.Name));
        Assert.Equal(["a-b", "b"], (await Store.ReadDatasets("a", 2)).Select(d => d.Name));
        Assert.Empty(await Store.ReadDatasets("b", 2));
        Assert.Equal(2, Assert.Single(await Store.ReadDatasets(null, 10, "a")).Files);
        Assert.Empty(await Store.ReadDatasets(null, 10, "c"));
    }

    [Fact]
    public async Task Dead_letters_are_paged_and_a_record_read_twice_is_one()
    {
        var owner = await Store.TakeOver(1);
        var letters = Enumerable.Range(0, 5).Select(i => new DeadLetter("doors", "/var/log/a", 1, i * 100, $"reason {i}", [0, 255, (byte)i], Sample.Noon)).ToList();
        for (var round = 0; round < 2; round++)
        {
            var set = Sample.Of(owner);
            set.DeadLetters.AddRange(letters);
            await Store.Commit([set]);
        }

        var first = await Store.ReadDeadLetters(null, 3);
        var second = await Store.ReadDeadLetters(first.Next, 3);

        Assert.Equal(letters.ConvertAll(l => l.Id), [.. first.Items.Select(l => l.Id), .. second.Items.Select(l => l.Id)]);
        Assert.Null(second.Next);
        Assert.Equal(letters[4].Bytes, second.Items[1].Bytes);
        Assert.Equal("reason 3", (await Store.FindDeadLetter(letters[3].Id))!.Reason);
        Assert.Null(await Store.FindDeadLetter("doors//1/7"));
        Assert.Equal(5, (await Store.ReadFigures()).DeadLetters);
    }

    [Fact]
    public async Task An_alias_leads_from_a_copys_path_to_its_file()
    {
        var owner = await Store.TakeOver(1);
        var alias = new AliasRow("mirror", "/a/b", Sample.IdIn(2), new Incarnation("s1"), new Checksum("adler32", "0a1b2c3d"));
        var set = Sample.Of(owner);
        set.Aliases.Add(alias);
        await Store.Commit([set]);

        Assert.Equal(alias, await Store.FindAlias(1, "mirror", "/a/b"));
        Assert.Null(await Store.FindAlias(2, "mirror", "/a/b"));
        Assert.Null(await Store.FindAlias(1, "mirror", "/a"));
    }

    [Fact]
    public async Task A_rule_is_kept_by_name_and_generation()
    {
        await Store.SaveRule("mirror", "g1", "{}");
        await Store.SaveRule("mirror", "g1", "{}");
        await Store.SaveRule("mirror", "g2", "{\"x\":1}");

        Assert.Equal("{}", await Store.ReadRule("mirror", "g1"));
        Assert.Equal("{\"x\":1}", await Store.ReadRule("mirror", "g2"));
        Assert.Null(await Store.ReadRule("mirro", "rg1"));
    }

    [Fact]
    public async Task A_grains_state_is_written_only_over_the_version_that_was_read()
    {
        Assert.Null(await Store.ReadGrain("g:a"));
        Assert.True(await Store.WriteGrain("g:a", null, 0));
        Assert.False(await Store.WriteGrain("g:a", [1], 3));
        Assert.True(await Store.WriteGrain("g:a", [1], 0));
        Assert.False(await Store.WriteGrain("g:a", null, 0));
        Assert.False(await Store.WriteGrain("g:a", [2], 0));
        Assert.True(await Store.WriteGrain("g:a", [2], 1));

        var row = await Store.ReadGrain("g:a");
        Assert.Equal([2], row!.State);
        Assert.Equal(2, row.Version);
        Assert.False(await Store.WriteGrain("g:a", null, 1));
        Assert.True(await Store.WriteGrain("g:a", null, 2));
        Assert.Null(await Store.ReadGrain("g:a"));
    }

    [Fact]
    public async Task All_files_are_listed_once_whatever_the_pages()
    {
        await CommitFiles(4, perCommit: 5);

        foreach (var limit in new[] { 1, 3, 20, 100 })
        {
            var files = await ListAll(new FileQuery(Limit: limit));
            Assert.Equal(20, files.Count);
            Assert.Equal(20, files.Select(f => f.Id).Distinct().Count());
        }
    }

    [Fact]
    public async Task A_list_is_filtered_by_storage_status_dataset_and_step()
    {
        var owner = await Store.TakeOver(1);
        var stored = Sample.New(Sample.IdIn(1, 0), owner.NextFileNumber, "/a", 1, "run-1");
        var waiting = Sample.New(Sample.IdIn(1, 1), owner.NextFileNumber + 1) with
        {
            Steps = [new Step { Key = new StepKey("mirror", "g", 0, Incarnation.None), Action = "replicate", State = StepState.Waiting, DueAt = Step.AfterThePrevious }],
        };
        var deleted = Sample.New(Sample.IdIn(1, 2), owner.NextFileNumber + 2).Deleted();
        var elsewhere = Sample.New(Sample.IdIn(1, 3, "s3"), owner.NextFileNumber + 3);
        await Store.Commit([Sample.Of(owner).With(stored).With(waiting).With(deleted).With(elsewhere)]);

        Assert.Equal([deleted.Id], (await ListAll(new FileQuery(Status: FileStatus.Deleted))).Select(f => f.Id));
        Assert.Equal([elsewhere.Id], (await ListAll(new FileQuery(Storage: "s3"))).Select(f => f.Id));
        Assert.Equal([stored.Id], (await ListAll(new FileQuery(Dataset: "run-1"))).Select(f => f.Id));
        Assert.Equal([waiting.Id], (await ListAll(new FileQuery(StepState: StepState.Waiting, Rule: "mirror"))).Select(f => f.Id));
        Assert.Empty(await ListAll(new FileQuery(StepState: StepState.Waiting, Rule: "other")));
        Assert.Empty(await ListAll(new FileQuery(StepState: StepState.Done)));
    }

    [Theory]
    [InlineData("/d/**", "/d/a", "/d/a-b", "/d/b", "/d/sub/c", "/d/sub/deep/d", "/d/x/y")]
    [InlineData("/d/*", "/d/a", "/d/a-b", "/d/b")]
    [InlineData("/d/a*", "/d/a", "/d/a-b")]
    [InlineData("/d/a", "/d/a")]
    [InlineData("/d/sub/**", "/d/sub/c", "/d/sub/deep/d")]
    [InlineData("/d/{x}/y", "/d/x/y")]
    [InlineData("/**/y", "/d/x/y")]
    [InlineData("/none/**")]
    public async Task A_list_by_path_gives_each_match_once_whatever_the_pages(string pattern, params string[] expected)
    {
        string[] paths = ["/d/a", "/d/a-b", "/d/b", "/d/sub/c", "/d/sub/deep/d", "/d-e/x", "/d", "/e/d/a", "/d/x/y", "/dd/a"];
        var owners = new List<ShardOwnership> { await Store.TakeOver(0), await Store.TakeOver(1), await Store.TakeOver(2) };
        await Store.Commit([.. paths.Select((path, i) => Sample.Of(owners[i % 3])
            .With(Sample.New(Sample.IdIn(i % 3, i), owners[i % 3].NextFileNumber + i, path))
            .With(Sample.New(Sample.IdIn(i % 3, i, "s3"), owners[i % 3].NextFileNumber + 100 + i, path)))]);

        foreach (var limit in new[] { 1, 2, 1_000 })
        {
            var both = await ListAll(new FileQuery(Path: pattern, Limit: limit));
            var one = await ListAll(new FileQuery(Path: pattern, Storage: "s3", Limit: limit));

            Assert.Equal(expected.Concat(expected).Order(StringComparer.Ordinal), both.Select(f => f.Facts.Path.Value!).Order(StringComparer.Ordinal));
            Assert.Equal(expected.Order(StringComparer.Ordinal), one.Select(f => f.Facts.Path.Value!).Order(StringComparer.Ordinal));
        }
    }

    private protected async Task<List<FileState>> ListAll(FileQuery query)
    {
        var files = new List<FileState>();
        FilePage page;
        do
        {
            page = await Store.List(query);
            Assert.True(page.Items.Count <= query.Limit);
            files.AddRange(page.Items);
            query = query with { After = page.Next };
        }
        while (page.Next is not null);
        return files;
    }

    private protected async Task CommitFiles(int commits, int perCommit, int firstName = 0)
    {
        var owner = await Store.TakeOver(1);
        for (var i = 0; i < commits; i++)
        {
            var set = Sample.Of(owner);
            for (var j = 0; j < perCommit; j++)
            {
                var n = (i * perCommit) + j;
                set.With(Sample.New(Sample.IdIn(1, firstName + n), owner.NextFileNumber + n, $"/d{n % 3}/{n}", n));
            }

            await Store.Commit([set]);
        }
    }
}
