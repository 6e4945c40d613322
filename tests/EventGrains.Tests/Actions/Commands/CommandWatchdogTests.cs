using System.Diagnostics;
using System.Globalization;
using EventGrains.Silo.Posix;

namespace EventGrains.Tests.Actions.Commands;

public sealed class CommandWatchdogTests : IDisposable
{
    private readonly CommandPlace place = new();

    // What the system does to a killed process is to close its end of the pipe; here only that is done.
    [Fact]
    public async Task Commands_end_with_their_owner_and_their_children_too()
    {
        var attempts = Enumerable.Range(0, 3).Select(n => place.Shell(
            "trap '' TERM HUP; sleep 1000 & echo $! > \"$1\"; echo $$ > \"$2\"; wait", place.OutFile($"child{n}"), place.OutFile($"leader{n}"))).ToList();
        var processes = Enumerable.Range(0, 3).SelectMany(n => (string[])[place.Told($"child{n}"), place.Told($"leader{n}")]).ToList();
        Assert.All(processes, process => Assert.True(CommandPlace.IsAlive(process)));

        place.Watchdog.Dispose();

        Deadline.Until(() => !processes.Any(CommandPlace.IsAlive), "all commands ended");
        Assert.All(await Task.WhenAll(attempts), outcome => Assert.Contains("the silo stops", outcome.Error));
    }

    [Fact]
    public void A_command_that_ended_is_forgotten_so_that_its_number_may_be_anothers()
    {
        var (watched, forgotten) = (Sleeper(), Sleeper());
        place.Watchdog.Add(watched.Id);
        place.Watchdog.Add(forgotten.Id);
        place.Watchdog.Remove(forgotten.Id);

        place.Watchdog.Dispose();

        Assert.Equal(Signals.Kill, watched.Reap().Signal);
        Assert.True(CommandPlace.IsAlive($"{forgotten.Id}"));
        forgotten.SignalGroup(Signals.Terminate);
        Assert.Equal(Signals.Terminate, forgotten.Reap().Signal);
    }

    [Fact]
    public async Task A_watchdog_that_was_killed_is_started_again_and_knows_the_commands_that_run()
    {
        var first = place.Shell("echo $$ > \"$1\"; sleep 1000", place.OutFile("first"));
        var leader = place.Told("first");
        using (var shell = Process.GetProcessById(Shell()))
        {
            shell.Kill();
        }

        // A zombie until its owner looks; but its end of the pipe is closed, and that is what the next word meets.
        Deadline.Until(() => !CommandPlace.IsAlive(Shell().ToString(CultureInfo.InvariantCulture)), "the watchdog is dead");
        Assert.True((await place.Run(CommandPlace.Order(["true"]))).Done);

        place.Watchdog.Dispose();

        Deadline.Until(() => !CommandPlace.IsAlive(leader), "the command from before ended");
        await first;
    }

    [Fact]
    public async Task Once_stopped_nothing_is_started()
    {
        await place.Watchdog.StopAsync(CancellationToken.None);

        var outcome = await place.Run(CommandPlace.Order(["touch", place.OutFile("touched")]));

        Assert.False(outcome.Done);
        Assert.False(File.Exists(place.OutFile("touched")));
    }

    public void Dispose() => place.Dispose();

    private static ChildProcess Sleeper() => ChildProcess.Start("/bin/sleep", ["sleep", "1000"], []);

    private int Shell() => place.Watchdog.ShellId!.Value;
}
