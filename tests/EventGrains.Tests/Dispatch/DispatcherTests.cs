using System.Collections.Concurrent;
using EventGrains.Contracts.Files;
using EventGrains.Contracts.Rules;
using EventGrains.Contracts.Status;
using EventGrains.Files;
using EventGrains.Rules;
using EventGrains.Silo;
using EventGrains.Silo.Cluster;
using EventGrains.Silo.Dispatch;
using EventGrains.Silo.Store;
using EventGrains.Tests.Actions;
using EventGrains.Tests.Files;
using EventGrains.Tests.Sources;
using EventGrains.Tests.Store;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace EventGrains.Tests.Dispatch;

/// <summary>A dispatcher alone, over a store, with file grains that only note what they are asked to run.</summary>
public sealed class DispatcherTests : IDisposable
{
    private readonly FakeTimeProvider time = new(new DateTimeOffset(Says.At(0)));
    private readonly MemoryStore store = new(3);
    private readonly ConcurrentQueue<FileId> asked = [];
    private readonly Dispatcher dispatcher;
    private readonly Logged<Dispatcher> logged = new();
    private Func<BudgetLease> lease = () => new BudgetLease(100, default);

    public DispatcherTests()
    {
        var grains = Fake.Of<IGrainFactory>((method, arguments) => method.ReturnType == typeof(IFileGrain)
            ? Fake.Of<IFileGrain>((_, _) =>
            {
                asked.Enqueue(FileGrains.IdOf((string)arguments[0]!));
                return Task.FromResult(true);
            })
            : Fake.Of<IRuleBudgetGrain>((_, _) => Task.FromResult(lease())));
        dispatcher = new Dispatcher(
            store, grains, new RuleBudgets(grains, new Rulebook(Definitions.Empty)), new SiloSettings(), new ClusterTime(time), logged);
    }

    [Fact]
    public async Task A_shard_that_is_given_away_while_others_are_read_again_is_not_held_again()
    {
        await dispatcher.Adopt(0);
        await dispatcher.Adopt(1);
        var given = await Keep(Step(shard: 1, dueAt: 0));
        var kept = await Keep(Step(shard: 2, dueAt: 1));
        time.Advance(TimeSpan.FromMinutes(1));
        var (readsAgain, mayRead) = (new TaskCompletionSource(), new TaskCompletionSource());
        var readings = 0;
        store.BeforeReadIntents = _ =>
        {
            switch (++readings)
            {
                case 1:
                    throw new IOException("the store is away"); // so all are read again
                case 2:
                    readsAgain.SetResult();
                    return mayRead.Task;
                default:
                    return Task.CompletedTask;
            }
        };

        await dispatcher.Adopt(2);
        await readsAgain.Task.WaitAsync(Deadline.Generous);
        dispatcher.Drop(1);
        mayRead.SetResult();

        await Eventually.Is(() => asked.Contains(kept), () => "the step of the shard that stays was not asked for");
        Assert.DoesNotContain(given, asked);
    }

    [Fact]
    public async Task A_budget_that_answers_late_is_asked_again_ten_seconds_after_its_answer()
    {
        await Keep(Step(shard: 0, dueAt: 0));
        var calls = 0;
        lease = () =>
        {
            calls++;
            time.Advance(TimeSpan.FromSeconds(30));
            throw new TimeoutException("the budget's silo says nothing");
        };

        await dispatcher.Adopt(0);

        await Eventually.Is(() => dispatcher.CountHeld("mirror") == 1, () => $"after {calls} questions the rule's step is not held back");
        Assert.Equal(1, calls);
    }

    [Fact]
    public async Task A_store_that_is_away_is_a_warning_and_its_steps_are_looked_for_again()
    {
        var kept = await Keep(Step(shard: 0, dueAt: 0));
        var readings = 0;
        store.BeforeReadIntents = _ => ++readings == 1 ? throw new StoreAwayException("it does not answer") : Task.CompletedTask;

        await dispatcher.Adopt(0);
        await Eventually.Is(() => asked.Contains(kept) || Passes(TimeSpan.FromMinutes(1)), () => "the step was not looked for again");

        Assert.Equal(LogLevel.Warning, Assert.Single(logged.Lines).Level);
        Assert.Contains("shard 0 could not be read while the store is away", logged.Lines[0].Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Steps_that_cannot_be_read_for_another_reason_are_an_error()
    {
        store.BeforeReadIntents = _ => throw new IOException("a row cannot be understood");

        await dispatcher.Adopt(0);

        Assert.Equal(LogLevel.Error, Assert.Single(logged.Lines).Level);
    }

    public void Dispose() => dispatcher.Dispose();

    private bool Passes(TimeSpan span)
    {
        time.Advance(span);
        return false;
    }

    private async Task<FileId> Keep(Intent intent)
    {
        var owned = await store.TakeOver(intent.Shard);
        var set = new ChangeSet(intent.Shard, owned.Epoch) { FirstSequence = owned.NextSequence };
        set.Intents.Add(new IntentChange(intent, Remove: false));
        await store.Commit([set]);
        return intent.File;
    }

    private static Intent Step(int shard, int dueAt) => new(
        new FileId("dcache", $"0000{shard:X4}"), ((long)shard << 48) + 1, new StepKey("mirror", "0001", 0, Incarnation.None), "replicate", "archive", Says.At(dueAt), 0, false);
}
