using EventGrains.Contracts.Files;
using EventGrains.Contracts.Shards;
using EventGrains.Contracts.Actions;
using EventGrains.Events;
using EventGrains.Files;
using EventGrains.Rules;
using EventGrains.Tests.Cluster;
using EventGrains.Tests.Files;
using EventGrains.Tests.Sources;
using Orleans.Hosting;
using Xunit.Sdk;

namespace EventGrains.Tests.Shards;

/// <summary>Each mechanism that keeps a promise, beside what becomes of the promise without it: the decorators below take one out at a time.</summary>
public sealed class MechanismTests
{
    [Fact]
    public Task What_a_reader_sends_after_a_range_was_lost_is_applied_only_once_the_lost_one_came() => NothingIsLost();

    [Fact]
    public Task With_position_at_most_stored_as_the_only_check_the_lost_range_is_never_missed() => Breaks(() => NothingIsLost(LaxRanges));

    [Fact]
    public Task A_reader_that_was_frozen_while_its_partition_moved_is_refused_when_it_wakes() => LateRangesAreRefused();

    [Fact]
    public Task A_duplicate_in_flight_is_not_acknowledged_when_its_original_fails() => DuplicatesWait();

    [Fact]
    public Task An_answer_that_does_not_wait_acknowledges_what_is_lost() => Breaks(() => DuplicatesWait(EarlyAnswers));

    [Fact]
    public Task A_step_that_is_asked_for_many_times_runs_once() => EachAttemptRunsOnce();

    [Fact]
    public Task Without_the_claim_it_runs_as_often_as_it_is_asked_for() => Breaks(() => EachAttemptRunsOnce(FreeClaims));

    /// <summary>A reader sends three ranges; the second is lost on the way, and it goes on from what the shard answers.</summary>
    private static async Task NothingIsLost(Action<ISiloBuilder>? without = null)
    {
        await using var silo = await OneSilo.Start(more: without);
        FileFacts[] said = [Says.DoorStored("/d/f", 0), Says.PoolHas("pool-a", 0), Says.PoolHas("pool-b", 0)];
        var shard = silo.ShardOf(Says.File);
        await shard.ApplyRange(Range(1, 0, 100, said[0]));

        var answer = await shard.ApplyRange(Range(1, 200, 300, said[2]));
        for (var tries = 0; answer.Stands.Position < 300 && tries < 5; tries++)
        {
            var next = (int)(answer.Stands.Position / 100);
            answer = await shard.ApplyRange(Range(1, next * 100, (next + 1) * 100, said[next]));
        }

        var file = await silo.Grains.GetFile(Says.File).Get();
        Assert.Equal(["pool-a", "pool-b"], file!.Facts.Replicas.Select(r => r.Pool).Order());
    }

    private static async Task LateRangesAreRefused()
    {
        await using var silo = await OneSilo.Start();
        var shard = silo.ShardOf(Says.File);
        await shard.ApplyRange(Range(1, 0, 100, Says.DoorStored("/d/f", 0)));
        await shard.ApplyRange(Range(2, 100, 200, Says.PoolHas("pool-a", 0)));

        var late = await shard.ApplyRange(Range(1, 100, 250, Says.PoolHas("pool-b", 0)));

        Assert.Equal(RangeVerdict.Fenced, late.Verdict);
        Assert.Equal(200, late.Stands.Position);
        Assert.Equal(["pool-a"], (await silo.Grains.GetFile(Says.File).Get())!.Facts.Replicas.Select(r => r.Pool));
    }

    /// <summary>The same bytes come a second time while the commit of the first is under way, and that commit fails.</summary>
    private static async Task DuplicatesWait(Action<ISiloBuilder>? without = null)
    {
        await using var silo = await OneSilo.Start(more: without);
        var (open, reached) = (new TaskCompletionSource(), new TaskCompletionSource());
        silo.Store.BeforeCommit = _ =>
        {
            reached.TrySetResult();
            return open.Task;
        };
        var first = silo.Tell(Says.File, Says.DoorStored("/d/f", 0));
        await reached.Task;
        var duplicate = silo.Tell(Says.File, Says.DoorStored("/d/f", 0));

        // So many later calls are answered only after it has had its turn.
        for (var later = 0; later < 100 && !duplicate.IsCompleted; later++)
        {
            await silo.ShardOf(Says.File).Ping();
        }

        silo.Store.Fails = true;
        open.SetResult();

        await Assert.ThrowsAnyAsync<Exception>(() => first);
        await Assert.ThrowsAnyAsync<Exception>(() => duplicate);
    }

    /// <summary>The dispatcher asks for a step once; somebody else (a dispatcher that has not heard that its shard moved) asks for it again and again.</summary>
    private static async Task EachAttemptRunsOnce(Action<ISiloBuilder>? without = null)
    {
        using var done = new TemporaryFile();
        await using var silo = await OneSilo.Start(Appending(done.Path), more: without);
        await silo.Tell(Says.File, Says.DoorStored("/d/f", 0));
        var step = Assert.Single((await silo.Store.Find(Says.File))!.Steps).Key;

        for (var again = 0; again < 5; again++)
        {
            await silo.Grains.GetFile(Says.File).Run(step);
        }

        await Eventually.Is(
            () => FileSummary.Of(silo.Grains.GetFile(Says.File).Get().Result!).Status == FileStatus.Processed && File.Exists(done.Path), () => "the step did not run");
        Assert.Equal(["ran"], File.ReadAllLines(done.Path));
    }

    private static async Task Breaks(Func<Task> promise) => await Assert.ThrowsAnyAsync<XunitException>(promise);

    /// <summary>Takes the lower end of each range away: a shard then only asks whether it has been beyond the upper one.</summary>
    private static void LaxRanges(ISiloBuilder silo) => silo.AddIncomingGrainCallFilter(async call =>
    {
        if (call.Grain is IFileShardGrain && call.MethodName == nameof(IFileShardGrain.ApplyRange))
        {
            call.Request.SetArgument(0, ((EventRange)call.Request.GetArgument(0)!) with { After = default });
        }

        await call.Invoke();
    });

    /// <summary>Answers a call when its turn is over, and not when what it was computed on is durable.</summary>
    private static void EarlyAnswers(ISiloBuilder silo) => silo.AddIncomingGrainCallFilter(async call =>
    {
        var answer = call.Invoke();
        if (call.Grain is IFileShardGrain && call.MethodName == nameof(IFileShardGrain.Apply) && !answer.IsCompleted)
        {
            _ = answer.ContinueWith(late => late.Exception, TaskScheduler.Default);
            call.Result = new ApplyAnswer([]);
            return;
        }

        await answer;
    });

    /// <summary>Gives an attempt to whoever asks.</summary>
    private static void FreeClaims(ISiloBuilder silo) => silo.AddIncomingGrainCallFilter(async call =>
    {
        await call.Invoke();
        if (call.Grain is IFileShardGrain && call.MethodName == nameof(IFileShardGrain.Claim) && call.Result is null)
        {
            var (file, step) = ((FileId)call.Request.GetArgument(0)!, (StepKey)call.Request.GetArgument(1)!);
            call.Result = new StepClaim(file, step, "run", 1, DateTime.UtcNow.AddSeconds(20));
        }
    });

    private static EventRange Range(long readerEpoch, long after, long upTo, FileFacts says) => new(
        "billing", "log", readerEpoch, 1, after == 0 ? default : new RangePoint(1, after), upTo, [new StorageEvent(Says.File, "said", says)], [upTo], []);

    private static Definitions Appending(string file) => RuleFiles.Parse([(
        "append.yaml",
        $$"""
        apiVersion: eventgrains/v1
        kind: Rule
        metadata: { name: append }
        spec: { when: { kind: stored }, do: [{ run: { command: [/bin/sh, -c, 'echo ran >> {{file}}; sleep 0.2'] } }] }
        """)]).Definitions;

    private sealed class TemporaryFile : IDisposable
    {
        public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"eventgrains-{Guid.NewGuid():N}");

        public void Dispose() => File.Delete(Path);
    }
}
