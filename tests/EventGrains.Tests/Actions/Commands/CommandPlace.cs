using System.Collections.Immutable;
using System.Text.Json;
using EventGrains.Contracts.Actions;
using EventGrains.Files;
using EventGrains.Rules;
using EventGrains.Silo.Actions.Commands;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace EventGrains.Tests.Actions.Commands;

/// <summary>A silo's side of running commands: a data directory, a watchdog, a clock that tests move.</summary>
internal sealed class CommandPlace : IDisposable
{
    private readonly ScratchDirectory scratch = new();
    private readonly WorkingDirectories directories;

    public CommandPlace()
    {
        Out = scratch.Create("out");
        Data = scratch.Create("data");
        directories = new WorkingDirectories(Data, NullLogger<WorkingDirectories>.Instance);
    }

    /// <summary>Where commands of a test leave what they have to tell.</summary>
    public string Out { get; }

    public string Data { get; }

    public CommandWatchdog Watchdog { get; } = new();

    public FakeTimeProvider Time { get; } = new();

    public int OutputBytesMax { get; init; } = 64 * 1024;

    public IEnumerable<string> WorkingDirectoriesLeft => Directory.EnumerateFileSystemEntries(Path.Combine(Data, "run"));

    public string OutFile(string name) => Path.Combine(Out, name);

    /// <summary>Waits for a file that a command writes.</summary>
    public string Told(string name)
    {
        Deadline.Until(() => File.Exists(OutFile(name)) && File.ReadAllText(OutFile(name)).EndsWith('\n'), $"the command tells {name}");
        return File.ReadAllText(OutFile(name)).TrimEnd('\n');
    }

    public static CommandOrder Order(
        IEnumerable<string> command, string path = "/a.h5", string storage = "inbox", string timeout = "10s", int[]? successExitCodes = null)
    {
        var id = new FileId(storage, "8-1-1");
        var file = FileState.New(id, 1) with
        {
            Facts = new FileFacts
            {
                Path = new PathRegister(PathRank.Namespace, default, path),
                Size = new SizeRegister(42),
                Replicas = [new Replica("mirror", null, "/copy" + path, default, ReplicaState.Present)],
            },
        };
        var claim = new StepClaim(id, new StepKey("process", "0", 0, Incarnation.None), "run", 1, DateTime.MaxValue);
        var parameters = JsonSerializer.Serialize(new { command, timeout, successExitCodes = successExitCodes ?? [0] });
        return CommandOrder.From(new ActionRequest(claim, parameters, file), new Definitions { Storages = [new("inbox", "/data/inbox/", StorageRole.Origin)] });
    }

    public Task<StepOutcome> Run(CommandOrder order, CancellationToken lost = default) =>
        new CommandRun(order, directories, Watchdog, OutputBytesMax, Time, NullLogger.Instance).Run(lost);

    public Task<StepOutcome> Shell(string script, params string[] arguments) => Run(Order(["sh", "-c", script, "sh", .. arguments]));

    /// <summary>Moves the clock on until the attempt ended, whatever it waits for next.</summary>
    public StepOutcome LetTimePass(Task<StepOutcome> attempt)
    {
        Deadline.Until(() =>
        {
            Time.Advance(TimeSpan.FromSeconds(1));
            return attempt.IsCompleted;
        }, "the attempt ends");
        return attempt.GetAwaiter().GetResult();
    }

    /// <summary>A process that ended but was not yet taken note of by its parent is not alive.</summary>
    public static bool IsAlive(string process)
    {
        try
        {
            var status = File.ReadAllText($"/proc/{process}/stat");
            return status[status.LastIndexOf(')') + 2] is not ('Z' or 'X');
        }
        catch (IOException)
        {
            return false;
        }
    }

    public void Dispose()
    {
        Watchdog.Dispose();
        scratch.Dispose();
    }
}
