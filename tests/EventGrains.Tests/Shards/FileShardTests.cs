using EventGrains.Contracts.Files;
using EventGrains.Contracts.Shards;
using EventGrains.Contracts.Transitions;
using EventGrains.Events;
using EventGrains.Files;
using EventGrains.Silo.Store;
using EventGrains.Tests.Cluster;
using EventGrains.Tests.Files;

namespace EventGrains.Tests.Shards;

/// <summary>What a shard promises to whoever sends it events.</summary>
public sealed class FileShardTests
{
    [Fact]
    public async Task What_was_acknowledged_is_in_the_store()
    {
        await using var silo = await OneSilo.Start();

        await silo.Tell(Says.File, Says.DoorStored("/d/f", 0), Says.PoolHas("pool-a", 0));

        var file = await silo.Grains.GetFile(Says.File).Get();
        Assert.Equal(FileStatus.Stored, FileSummary.Of(file!).Status);
        Assert.Equal([1, 2], (await silo.Grains.GetFile(Says.File).GetHistory(0, 10)).Select(t => t.Transition.Version));
    }

    [Fact]
    public async Task A_duplicate_of_an_event_in_flight_is_not_acknowledged_before_it()
    {
        await using var silo = await OneSilo.Start();
        var (first, duplicate, commit) = await FirstAndDuplicateInFlight(silo);

        var early = duplicate.IsCompleted;
        commit.SetResult();
        await Task.WhenAll(first, duplicate);
        Assert.False(early);
    }

    [Fact]
    public async Task A_duplicate_of_an_event_whose_commit_fails_is_not_acknowledged()
    {
        await using var silo = await OneSilo.Start();
        var (first, duplicate, commit) = await FirstAndDuplicateInFlight(silo);

        silo.Store.Fails = true;
        commit.SetResult();

        await Assert.ThrowsAnyAsync<Exception>(() => first);
        await Assert.ThrowsAnyAsync<Exception>(() => duplicate);
        Assert.Null(await silo.Store.Find(Says.File));
    }

    [Fact]
    public async Task After_a_failed_commit_the_same_bytes_again_are_taken()
    {
        await using var silo = await OneSilo.Start();
        await silo.Tell(Says.File, Says.DoorStored("/d/f", 0));
        silo.Store.Fails = true;
        await Assert.ThrowsAnyAsync<Exception>(() => silo.Tell(Says.File, Says.PoolHas("pool-a", 0)));

        await Again(() => silo.Tell(Says.File, Says.PoolHas("pool-a", 0)));

        var history = await silo.Grains.GetFile(Says.File).GetHistory(0, 10);
        Assert.Equal([1, 2], history.Select(t => t.Transition.Version));
    }

    [Fact]
    public async Task A_call_that_is_made_again_while_it_is_at_work_is_no_second_turn()
    {
        await using var silo = await OneSilo.Start();
        await silo.Tell(Says.File, Says.DoorStored("/d/f", 0));
        var (shard, other, call) = (silo.ShardOf(Says.File), OthersInItsShard(silo)[0], Guid.NewGuid());
        var (reached, held) = (new TaskCompletionSource(), new TaskCompletionSource());
        silo.Store.BeforeCommit = _ =>
        {
            reached.TrySetResult();
            return held.Task;
        };
        var first = shard.Apply(new EventBatch("billing", [new StorageEvent(Says.File, "said", Says.PoolHas("pool-a", 0))], call));
        await reached.Task;

        // Another file under the same name shows whether anybody looked at it.
        var again = shard.Apply(new EventBatch("billing", [new StorageEvent(other, "said", Says.DoorStored("/d/0", 0))], call));
        await shard.Ping();
        held.SetResult();

        await Task.WhenAll(first, again);
        Assert.Null(await silo.Store.Find(other));
    }

    [Fact]
    public async Task A_file_whose_row_cannot_be_written_is_rejected_alone()
    {
        await using var silo = await OneSilo.Start();
        var others = OthersInItsShard(silo);
        silo.Store.Refuses = [Says.File];

        var answer = await silo.ShardOf(Says.File).Apply(new EventBatch("billing",
            [new StorageEvent(others[0], "said", Says.DoorStored("/d/0", 0)), new StorageEvent(Says.File, "said", Says.DoorStored("/d/f", 0)), new StorageEvent(others[1], "said", Says.DoorStored("/d/1", 0))]));

        Assert.Equal([1], answer.Failed);
        Assert.NotNull(await silo.Store.Find(others[0]));
        Assert.NotNull(await silo.Store.Find(others[1]));
        Assert.Null(await silo.Store.Find(Says.File));
    }

    [Fact]
    public async Task In_a_range_such_a_file_becomes_a_dead_letter_at_its_place_and_reading_goes_on()
    {
        await using var silo = await OneSilo.Start();
        var shard = silo.ShardOf(Says.File);
        silo.Store.Refuses = [Says.File];

        Assert.Equal(RangeVerdict.Committed, (await shard.ApplyRange(Range(0, 100, Says.DoorStored("/d/f", 0)))).Verdict);

        silo.Store.Refuses = [];
        Assert.Equal(RangeVerdict.Committed, (await shard.ApplyRange(Range(100, 200, Says.PoolHas("pool-a", 0)))).Verdict);
        var letter = Assert.Single((await silo.Store.ReadDeadLetters(null, 10)).Items);
        Assert.Equal(("billing", "log", 1L, 100L), (letter.Source, letter.Partition, letter.Generation, letter.Position));
    }

    [Fact]
    public async Task A_file_that_is_refused_once_is_tried_again_with_the_others_and_none_is_rejected()
    {
        await using var silo = await OneSilo.Start();
        var other = OthersInItsShard(silo)[0];
        var commits = RefuseOnce(silo);

        var answer = await silo.ShardOf(Says.File).Apply(new EventBatch("billing",
            [new StorageEvent(other, "said", Says.DoorStored("/d/0", 0)), new StorageEvent(Says.File, "said", Says.DoorStored("/d/f", 0))]));

        Assert.Empty(answer.Failed);
        Assert.Equal(2, commits());
        Assert.NotNull(await silo.Store.Find(other));
        Assert.NotNull(await silo.Store.Find(Says.File));
    }

    [Fact]
    public async Task In_a_range_a_file_that_is_refused_once_becomes_no_dead_letter()
    {
        await using var silo = await OneSilo.Start();
        var commits = RefuseOnce(silo);

        var answer = await silo.ShardOf(Says.File).ApplyRange(Range(0, 100, Says.DoorStored("/d/f", 0)));

        Assert.Equal(new RangeAnswer(RangeVerdict.Committed, new RangePoint(1, 100)), answer);
        Assert.Equal(2, commits());
        Assert.NotNull(await silo.Store.Find(Says.File));
        Assert.Empty((await silo.Store.ReadDeadLetters(null, 10)).Items);
    }

    [Fact]
    public async Task A_row_of_no_file_that_cannot_be_written_fails_what_its_shard_was_sent_and_stops_no_other_shard()
    {
        await using var silo = await OneSilo.Start();
        var others = OneOfEachOtherShard(silo);
        var shard = silo.ShardOf(Says.File);
        var range = Range(0, 100, Says.DoorStored("/d/f", 0));

        var (refused, taken) = await InOneCommit(
            silo,
            others[1],
            (Says.File, () => shard.ApplyRange(range with { DeadLetters = [new DeadLetter("billing", "log", 1, 50, null!, [], DateTime.UnixEpoch)] })),
            (others[0], () => silo.Tell(others[0], Says.PoolHas("pool-a", 0))));

        await Assert.ThrowsAnyAsync<Exception>(() => refused);
        Assert.Empty((await taken).Failed);
        Assert.NotNull(await silo.Store.Find(others[0]));
        Assert.Null(await silo.Store.Find(Says.File));
        Assert.Empty(await silo.Store.ReadPositions("billing", "log"));

        // Without that row the same range is taken.
        Assert.Equal(RangeVerdict.Committed, (await shard.ApplyRange(range)).Verdict);
        Assert.NotNull(await silo.Store.Find(Says.File));
    }

    [Fact]
    public async Task A_shard_whose_commit_is_refused_stops_no_other_in_the_same_commit()
    {
        await using var silo = await OneSilo.Start();
        var others = OneOfEachOtherShard(silo);
        var other = others[0];
        silo.Store.Refuses = [Says.File];

        var (refused, taken) = await InOneCommit(
            silo,
            others[1],
            (Says.File, () => silo.Tell(Says.File, Says.PoolHas("pool-a", 0))),
            (other, () => silo.Tell(other, Says.PoolHas("pool-a", 0))));

        Assert.Equal([0], (await refused).Failed);
        Assert.Empty((await taken).Failed);
        Assert.NotNull(await silo.Store.Find(other));
    }

    [Fact]
    public async Task A_refusal_that_names_a_shard_outside_the_commit_fails_that_commit_alone()
    {
        await using var silo = await OneSilo.Start();
        var elsewhere = (Says.File.ShardOf(silo.Store.Shards) + 1) % silo.Store.Shards;
        silo.Store.BeforeCommit = _ => throw new RowRefusedException(elsewhere, Says.File, new InvalidOperationException("no store can hold it"));

        await Assert.ThrowsAnyAsync<Exception>(() => silo.Tell(Says.File, Says.DoorStored("/d/f", 0)));

        Assert.Null(await silo.Store.Find(Says.File));
        silo.Store.BeforeCommit = null;
        await silo.Tell(Says.File, Says.DoorStored("/d/f", 0));
        Assert.NotNull(await silo.Store.Find(Says.File));
    }

    [Fact]
    public async Task Another_owner_fences_this_one_and_nothing_is_lost_or_doubled()
    {
        await using var silo = await OneSilo.Start();
        await silo.Tell(Says.File, Says.DoorStored("/d/f", 0));

        await silo.Store.TakeOver(Says.File.ShardOf(silo.Store.Shards)); // as another activation would
        await Assert.ThrowsAnyAsync<Exception>(() => silo.Tell(Says.File, Says.PoolHas("pool-a", 0)));
        await Again(() => silo.Tell(Says.File, Says.PoolHas("pool-a", 0)));

        Assert.Equal([1, 2], (await silo.Grains.GetFile(Says.File).GetHistory(0, 10)).Select(t => t.Transition.Version));
    }

    [Fact]
    public async Task A_thousand_callers_at_once_leave_versions_without_gap_or_repeat()
    {
        await using var silo = await OneSilo.Start(set: s => s.FilesCachedMax = 1_000);
        var files = Enumerable.Range(0, 200).Select(i => new FileId("dcache", $"0000{i:X4}")).ToArray();

        await Task.WhenAll(Enumerable.Range(0, 1_000).Select(i => silo.Tell(
            files[i % files.Length], Says.PoolHas($"pool-{i / files.Length}", i), Says.DoorStored($"/d/{i % files.Length}", 0))));

        foreach (var file in files)
        {
            var versions = (await silo.Grains.GetFile(file).GetHistory(0, 100)).Select(t => t.Transition.Version).ToArray();
            Assert.Equal(Enumerable.Range(1, versions.Length), versions);
            Assert.Equal(5, (await silo.Grains.GetFile(file).Get())!.Facts.Replicas.Length);
        }
    }

    [Fact]
    public async Task States_that_memory_dropped_are_loaded_again_as_they_were()
    {
        await using var silo = await OneSilo.Start(set: s => s.FilesCachedMax = 4);
        var files = Enumerable.Range(0, 300).Select(i => new FileId("dcache", $"0000{i:X4}")).ToArray();
        foreach (var file in files)
        {
            await silo.Tell(file, Says.DoorStored("/d/f", 0));
        }

        foreach (var file in files)
        {
            await silo.Tell(file, Says.DoorStored("/d/f", 0), Says.PoolHas("pool-a", 0));
            Assert.Equal(2, (await silo.Grains.GetFile(file).Get())!.Version);
        }
    }

    [Fact]
    public async Task The_log_tells_every_transition_once_in_commit_order()
    {
        await using var silo = await OneSilo.Start();
        await silo.Tell(Says.File, Says.DoorStored("/d/f", 0), Says.PoolHas("pool-a", 0));
        await silo.Tell(Says.File, Says.DoorDeleted("/d/f", 9));

        var page = await silo.Grains.GetGrain<ITransitionLogGrain>(0).Read(new Cursor(silo.Store.History, 0, -1), 100, TimeSpan.Zero);

        Assert.Equal([1, 2, 3], page.Items.Select(i => i.Transition.Version));
        Assert.Equal(page.Items.Select(i => i.Cursor).Order(), page.Items.Select(i => i.Cursor));
    }

    [Fact]
    public async Task Who_waits_at_the_end_of_the_log_waits_for_a_transition_also_after_a_commit_without_one()
    {
        await using var silo = await OneSilo.Start();
        await silo.Tell(Says.File, Says.DoorStored("/d/f", 0));
        await silo.ShardOf(Says.File).ApplyRange(Range(0, 100, Says.DoorStored("/d/f", 0)) with { Events = [], Positions = [] });
        var (log, end) = (silo.Grains.GetGrain<ITransitionLogGrain>(0), (await silo.Store.ReadLogEnds()).Latest);

        var waiting = log.Read(end, 100, TimeSpan.FromSeconds(5));
        await log.GetEnds();
        await silo.Tell(Says.File, Says.PoolHas("pool-a", 0));

        Assert.Equal([2], (await waiting).Items.Select(i => i.Transition.Version));
    }

    private static IEnumerable<FileId> Others => Enumerable.Range(0, 50).Select(i => new FileId("dcache", $"0000{i:X4}"));

    private static FileId[] OthersInItsShard(OneSilo silo) =>
        [.. Others.Where(f => f.ShardOf(silo.Store.Shards) == Says.File.ShardOf(silo.Store.Shards))];

    private static FileId[] OneOfEachOtherShard(OneSilo silo) =>
        [.. Others.DistinctBy(f => f.ShardOf(silo.Store.Shards)).Where(f => f.ShardOf(silo.Store.Shards) != Says.File.ShardOf(silo.Store.Shards))];

    /// <summary>The store refuses the file's row in its next commit, and no more. Answers how often a commit was tried.</summary>
    private static Func<int> RefuseOnce(OneSilo silo)
    {
        var commits = 0;
        silo.Store.BeforeCommit = _ =>
        {
            silo.Store.Refuses = ++commits == 1 ? [Says.File] : [];
            return Task.CompletedTask;
        };
        return () => commits;
    }

    /// <summary>Sends to two shards while a commit of a third one's file is held open, and asserts that both leave together in the next.</summary>
    private static async Task<(Task<TFirst> First, Task<TSecond> Second)> InOneCommit<TFirst, TSecond>(
        OneSilo silo, FileId third, (FileId File, Func<Task<TFirst>> Send) first, (FileId File, Func<Task<TSecond>> Send) second)
    {
        var (held, _, commit) = await FirstAndDuplicateInFlight(silo, third);
        var next = new TaskCompletionSource<int[]>();
        silo.Store.BeforeCommit = sets =>
        {
            next.TrySetResult([.. sets.Select(set => set.Shard)]);
            return Task.CompletedTask;
        };
        var sent = (first.Send(), second.Send());

        // So many later calls are answered only after these have had their turn.
        for (var later = 0; later < 100; later++)
        {
            await Task.WhenAll(silo.ShardOf(first.File).Ping(), silo.ShardOf(second.File).Ping());
        }

        commit.SetResult();
        await held;
        int[] together = [first.File.ShardOf(silo.Store.Shards), second.File.ShardOf(silo.Store.Shards)];
        Assert.Equal(together.Order(), (await next.Task).Order());
        return sent;
    }

    /// <summary>A commit is held open, and a duplicate of an event in it has had its turn at the shard.</summary>
    private static async Task<(Task First, Task Duplicate, TaskCompletionSource Commit)> FirstAndDuplicateInFlight(OneSilo silo, FileId? of = null)
    {
        var file = of ?? Says.File;
        var open = new TaskCompletionSource();
        var reached = new TaskCompletionSource();
        silo.Store.BeforeCommit = _ =>
        {
            reached.TrySetResult();
            return open.Task;
        };
        var first = silo.Tell(file, Says.DoorStored("/d/f", 0));
        await reached.Task;
        var duplicate = silo.Tell(file, Says.DoorStored("/d/f", 0));

        // An answer that did not wait would be here before that of so many later calls.
        for (var later = 0; later < 100 && !duplicate.IsCompleted; later++)
        {
            await silo.ShardOf(file).Ping();
        }

        return (first, duplicate, open);
    }

    private static EventRange Range(long after, long upTo, FileFacts says) => new(
        "billing", "log", 1, 1, after == 0 ? default : new RangePoint(1, after), upTo, [new StorageEvent(Says.File, "said", says)], [upTo], []);

    /// <summary>As every client does: what got no answer is sent again.</summary>
    private static async Task Again(Func<Task> send)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                await send();
                return;
            }
            catch (Exception) when (attempt < 50)
            {
                await Task.Yield();
            }
        }
    }
}
