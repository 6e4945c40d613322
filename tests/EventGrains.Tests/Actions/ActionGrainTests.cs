using System.Reflection;
using EventGrains.Contracts;
using EventGrains.Contracts.Actions;
using EventGrains.Contracts.Files;
using EventGrains.Contracts.Shards;
using EventGrains.Contracts.Transitions;
using EventGrains.Files;
using EventGrains.Rules;
using EventGrains.Silo;
using EventGrains.Silo.Actions;
using EventGrains.Silo.Actions.Commands;
using Microsoft.Extensions.Logging.Abstractions;

namespace EventGrains.Tests.Actions;

/// <summary>From the request to the reported outcome, with a file grain and shards that only note what they are told.</summary>
public sealed class ActionGrainTests : IDisposable
{
    private readonly ScratchDirectory scratch = new();
    private readonly Cluster cluster = new();
    private readonly SiloSettings settings;
    private readonly Definitions definitions;
    private readonly CommandWatchdog watchdog = new();

    public ActionGrainTests()
    {
        settings = new SiloSettings { DataDirectory = scratch.Create("data") };
        definitions = new Definitions
        {
            Storages = [new("inbox", scratch.Create("inbox"), StorageRole.Origin), new("mirror", scratch.Create("mirror"), StorageRole.Replica)],
        };
    }

    [Fact]
    public async Task Replicate_copies_keeps_the_alias_at_its_shard_and_reports_the_replica()
    {
        File.WriteAllText(Path.Combine(scratch.Path, "inbox", "a"), "content");
        var grain = new ReplicateGrain(cluster.Grains, definitions, new ClusterShape(7), TimeProvider.System);
        var request = Request("replicate", """{"to": "mirror"}""");

        await grain.Start(request);

        var (claim, outcome) = await cluster.Concluded.Task.WaitAsync(Deadline.Generous);
        Assert.Equal(request.Claim, claim);
        Assert.Null(outcome.Error);
        Assert.Equal("mirror", Assert.Single(outcome.Says!.Replicas).Storage);
        Assert.Equal("content", File.ReadAllText(Path.Combine(scratch.Path, "mirror", "a")));
        Assert.Equal([new FileId("mirror", "alias/a").ShardOf(7)], cluster.ShardsTold);
    }

    [Theory]
    [InlineData("""{"path": "/x"}""", "replicate.to is missing")]
    [InlineData("""{"to": "nowhere"}""", "nowhere")]
    [InlineData("""{"to": 7}""", "replicate.to is no text")]
    public async Task Replicate_reports_wrong_parameters_as_final(string parameters, string named)
    {
        await new ReplicateGrain(cluster.Grains, definitions, new ClusterShape(7), TimeProvider.System).Start(Request("replicate", parameters));

        var (_, outcome) = await cluster.Concluded.Task.WaitAsync(Deadline.Generous);
        Assert.True(outcome is { Done: false, Final: true });
        Assert.Contains(named, outcome.Error);
    }

    [Theory]
    [InlineData("""{"command": ["test", "{path}", "=", "/a"]}""", true, null)]
    [InlineData("""{"command": ["sh", "-c", "exit 9"], "timeout": "30s"}""", false, "exit code 9")]
    [InlineData("""{"command": []}""", false, "run.command is empty")]
    public async Task Run_reports_how_the_command_ended(string parameters, bool done, string? named)
    {
        var directories = new WorkingDirectories(settings.DataDirectory, NullLogger<WorkingDirectories>.Instance);
        var grain = new RunGrain(cluster.Grains, definitions, settings, directories, watchdog, TimeProvider.System, NullLogger<RunGrain>.Instance);

        await grain.Start(Request("run", parameters));

        var (_, outcome) = await cluster.Concluded.Task.WaitAsync(Deadline.Generous);
        Assert.Equal(done, outcome.Done);
        Assert.Contains(named ?? "", outcome.Error ?? "");
    }

    public void Dispose()
    {
        watchdog.Dispose();
        scratch.Dispose();
    }

    private static ActionRequest Request(string action, string parameters)
    {
        var id = new FileId("inbox", "8-1-1");
        var file = FileState.New(id, 1) with { Facts = new FileFacts { Path = new PathRegister(PathRank.Namespace, default, "/a") } };
        var claim = new StepClaim(id, new StepKey("rule", "0", 0, Incarnation.None), action, 1, DateTime.UtcNow.AddMinutes(1));
        return new ActionRequest(claim, parameters, file);
    }

    private sealed class Cluster
    {
        public Cluster()
        {
            Grains = Fake.Of<IGrainFactory>((method, arguments) =>
                method.ReturnType == typeof(IFileGrain) ? Fake.Of<IFileGrain>(File)
                : method.ReturnType == typeof(IFileShardGrain) ? Fake.Of<IFileShardGrain>((call, _) => Shard(call, (long)arguments[0]!))
                : throw new InvalidOperationException($"an action calls its file and shards alone, not {method.ReturnType}"));
        }

        public IGrainFactory Grains { get; }

        public TaskCompletionSource<(StepClaim, StepOutcome)> Concluded { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public List<int> ShardsTold { get; } = [];

        private object File(MethodInfo method, object?[] arguments)
        {
            switch (method.Name)
            {
                case nameof(IFileGrain.Extend):
                    return Task.FromResult((StepClaim?)arguments[0]);
                case nameof(IFileGrain.Conclude):
                    Concluded.SetResult(((StepClaim)arguments[0]!, (StepOutcome)arguments[1]!));
                    return Task.FromResult(true);
                default:
                    throw new InvalidOperationException(method.Name);
            }
        }

        private Task Shard(MethodInfo method, long shard)
        {
            if (method.Name == nameof(IFileShardGrain.FindAlias))
            {
                return Task.FromResult<CopyAlias?>(null);
            }

            Assert.Equal(nameof(IFileShardGrain.SaveAlias), method.Name);
            ShardsTold.Add((int)shard);
            return Task.FromResult(true);
        }
    }
}
