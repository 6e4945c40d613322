using EventGrains.Contracts.Files;
using EventGrains.Files;
using EventGrains.Rules;
using EventGrains.Silo.Dispatch;
using EventGrains.Tests.Cluster;
using EventGrains.Tests.Files;
using EventGrains.Tests.Sources;
using EventGrains.Tests.Store;
using Microsoft.Extensions.DependencyInjection;

namespace EventGrains.Tests.Dispatch;

/// <summary>What a rule may not do to the others, in a whole silo.</summary>
public sealed class DispatchTests
{
    [Fact]
    public async Task A_rule_at_its_bound_with_more_files_than_memory_holds_crowds_out_no_other()
    {
        await using var silo = await OneSilo.Start(Rules(("hog", 1), ("other", 1_000)), s => s.IntentsHeldMax = 100);
        for (var n = 0; n < 300; n++)
        {
            await silo.Tell(new FileId("dcache", $"0000{n:X4}"), Says.DoorStored($"/hog/{n}", 0));
        }

        var other = new FileId("dcache", "0000FFFF");
        await silo.Tell(other, Says.DoorStored("/other/f", 0));

        await IsProcessed(silo, other);
        var processed = 0;
        for (var n = 0; n < 300; n++)
        {
            processed += FileSummary.Of((await silo.Grains.GetFile(new FileId("dcache", $"0000{n:X4}")).Get())!).Status == FileStatus.Processed ? 1 : 0;
        }

        Assert.InRange(processed, 0, 1);
    }

    [Fact]
    public async Task A_rule_whose_budget_cannot_be_kept_waits_and_the_others_go_on()
    {
        var store = new MemoryStore(4) { RefusesGrain = key => key.Contains("hog", StringComparison.Ordinal) };
        await using var silo = await OneSilo.Start(Rules(("hog", 1_000), ("other", 1_000)), store: store);
        var held = new FileId("dcache", "0000AAAA");
        var other = new FileId("dcache", "0000FFFF");

        await silo.Tell(held, Says.DoorStored("/hog/f", 0));
        await silo.Tell(other, Says.DoorStored("/other/f", 0));

        await IsProcessed(silo, other);
        Assert.Equal(StepState.Waiting, Assert.Single((await silo.Grains.GetFile(held).Get())!.Steps).State);
    }

    [Fact]
    public async Task When_the_dispatcher_has_ended_before_the_shards_what_they_still_commit_is_durable_and_answered()
    {
        await using var silo = await OneSilo.Start(Rules(("late", 1_000)));
        var dispatcher = silo.Services.GetRequiredService<Dispatcher>();
        dispatcher.Dispose();
        var file = new FileId("dcache", "0000AAAA");

        await silo.Tell(file, Says.DoorStored("/late/f", 0)).WaitAsync(TimeSpan.FromSeconds(30));
        await dispatcher.Adopt(file.ShardOf(silo.Store.Shards));

        Assert.Single((await silo.Store.ReadIntents(file.ShardOf(silo.Store.Shards), null, 10, CancellationToken.None)).Items);
        Assert.Equal(StepState.Waiting, Assert.Single((await silo.Grains.GetFile(file).Get())!.Steps).State);
    }

    [Theory]
    [InlineData("it heeds the token")]
    [InlineData("it answers late")]
    [InlineData("it fails late")]
    public async Task A_dispatcher_that_ends_while_it_reads_what_it_adopts_leaves_it_in_the_store(string reading)
    {
        await using var silo = await OneSilo.Start(Rules(("late", 1)));
        await silo.Tell(new FileId("dcache", "0000AAAA"), Says.DoorStored("/late/first", 0)); // takes the hour's one
        var file = new FileId("dcache", "0000BBBB");
        await silo.Tell(file, Says.DoorStored("/late/f", 0));
        var dispatcher = silo.Services.GetRequiredService<Dispatcher>();
        var reached = new TaskCompletionSource();
        var open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        silo.Store.BeforeReadIntents = token =>
        {
            reached.TrySetResult();
            return reading == "it heeds the token" ? open.Task.WaitAsync(token) : open.Task;
        };

        var adopting = dispatcher.Adopt(file.ShardOf(silo.Store.Shards));
        await reached.Task;
        var isUnderWay = !adopting.IsCompleted;
        dispatcher.Dispose();
        _ = reading switch
        {
            "it answers late" => open.TrySetResult(),
            "it fails late" => open.TrySetException(new IOException("the store is away")),
            _ => false,
        };
        await adopting.WaitAsync(TimeSpan.FromSeconds(30));

        Assert.True(isUnderWay);
        silo.Store.BeforeReadIntents = null;
        Assert.Contains((await silo.Store.ReadIntents(file.ShardOf(silo.Store.Shards), null, 10, CancellationToken.None)).Items, i => i.File == file);
    }

    [Theory]
    [InlineData(1, 199)] // of the second turn's steps fewer are kept than it opens: the first turn's is superseded and gone within it
    [InlineData(150, 50)]
    [InlineData(60, 70, 70)]
    public async Task Intents_in_the_store_are_the_steps_that_wait_however_often_a_file_is_written_again(params int[] turns)
    {
        await using var silo = await OneSilo.Start(Rules(("hog", 1)));
        await silo.Tell(new FileId("dcache", "0000AAAA"), Says.DoorStored("/hog/first", 0)); // takes the hour's one

        var rewrites = Enumerable.Range(1, 200).Select(n => new FileFacts
        {
            Incarnation = new Incarnation($"{n:D6}"),
            Existence = new ExistenceRegister(Existence.Stored),
            Path = new PathRegister(PathRank.Namespace, Says.At(0), "/hog/f"),
        }).ToArray();
        var sent = 0;
        foreach (var turn in turns)
        {
            await silo.Tell(Says.File, rewrites[sent..(sent + turn)]);
            sent += turn;

            var wanted = (await silo.Store.Find(Says.File))!.Steps.Where(s => s.State is StepState.Waiting or StepState.Running).Select(s => s.Key.Incarnation.Value);
            var stored = (await silo.Store.ReadIntents(Says.File.ShardOf(silo.Store.Shards), null, 1_000)).Items.Where(i => i.File == Says.File).Select(i => i.Step.Incarnation.Value);
            Assert.True(wanted.Order().SequenceEqual(stored.Order()), $"after {sent}: [{string.Join(' ', wanted)}] wait, [{string.Join(' ', stored)}] are stored");
        }
    }

    private static Task IsProcessed(OneSilo silo, FileId file) => Eventually.Is(
        () => FileSummary.Of(silo.Grains.GetFile(file).Get().Result!).Status == FileStatus.Processed, () => $"{file} is not processed");

    private static Definitions Rules(params (string Name, int FilesPerHourMax)[] rules) => RuleFiles.Parse(rules.Select(r => (
        $"{r.Name}.yaml",
        $"""
        apiVersion: eventgrains/v1
        kind: Rule
        metadata: {"{"} name: {r.Name} {"}"}
        spec: {"{"} when: {"{"} kind: stored, path: '/{r.Name}/**' {"}"}, do: [{"{"} run: {"{"} command: ['true'] {"}"} {"}"}], filesPerHourMax: {r.FilesPerHourMax} {"}"}
        """))).Definitions;
}
