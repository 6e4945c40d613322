using EventGrains.Silo.Posix;

namespace EventGrains.Silo.Actions.Commands;

/// <summary>A command that runs, in a process group of its own that ends with this process.</summary>
internal sealed class RunningCommand
{
    /// <summary>How long a group may take to end after SIGTERM, before SIGKILL.</summary>
    public static readonly TimeSpan TerminationMax = TimeSpan.FromSeconds(5);

    // The shell waits for a word on file 3, so that nothing runs before the watchdog knows the group; when we die before that, it reads
    // the end instead. It never reads the words of a rule or a file: they are "$@". `env -i`, because shells add variables of their own.
    private const string Launcher = """
        cd "$1" || exit 126
        shift
        read -r _ <&3 || exit 125
        exec 3<&- /usr/bin/env -i "$@" </dev/null
        """;

    private const int OutputPollMilliseconds = 100;

    private readonly ChildProcess process;
    private readonly CommandWatchdog watchdog;
    private readonly Task exited;
    private readonly Task outputEnded;
    private volatile bool groupIsGone;

    private RunningCommand(ChildProcess process, CommandWatchdog watchdog, OpenFile output, CommandOutput kept)
    {
        this.process = process;
        this.watchdog = watchdog;
        exited = OnItsOwnThread(process.WaitForEnd);
        outputEnded = OnItsOwnThread(() => Keep(output, kept));
    }

    /// <exception cref="PosixException">It cannot be started; nothing runs.</exception>
    public static RunningCommand Start(CommandOrder order, string directory, CommandWatchdog watchdog, CommandOutput kept)
    {
        var (goRead, goWrite) = OpenFile.OpenPipe();
        using (goRead)
        using (goWrite)
        {
            var (outputRead, outputWrite) = OpenFile.OpenPipe();
            ChildProcess process;
            using (outputWrite)
            {
                process = StartLauncher(order, directory, goRead, outputRead, outputWrite);
            }

            var command = new RunningCommand(process, watchdog, outputRead, kept);
            try
            {
                watchdog.Add(process.Id);
                goWrite.WriteNext("go\n");
                return command;
            }
            catch
            {
                process.SignalGroup(Signals.Kill);
                _ = OnItsOwnThread(() => process.Reap());
                command.groupIsGone = true;
                throw;
            }
        }
    }

    /// <summary>Waits for the end. At the limit, or when the claim is lost, the group is asked to end, and killed if it does not.</summary>
    /// <exception cref="OperationCanceledException">The claim was lost; nothing of the command runs any more.</exception>
    public async Task<CommandEnd> End(TimeSpan timeout, TimeProvider time, CancellationToken lost)
    {
        var timedOut = false;
        try
        {
            await exited.WaitAsync(timeout, time, lost);
        }
        catch (TimeoutException)
        {
            timedOut = true;
            await EndGroup(time);
        }
        catch (OperationCanceledException)
        {
            await EndGroup(time);
            await Finish();
            throw;
        }

        return new CommandEnd(await Finish(), timedOut);
    }

    // A closed output tells that the children of the command have ended too, as far as they kept it.
    private async Task EndGroup(TimeProvider time)
    {
        process.SignalGroup(Signals.Terminate);
        try
        {
            await Task.WhenAll(exited, outputEnded).WaitAsync(TerminationMax, time);
        }
        catch (TimeoutException)
        {
            process.SignalGroup(Signals.Kill);
        }

        // A process that even SIGKILL does not end hangs in the kernel, and still works on the file: so does the attempt.
        await exited;
    }

    // What the command left running in its group ends with it: its directory goes, and the step is over.
    private async Task<ProcessEnd> Finish()
    {
        process.SignalGroup(Signals.Kill);
        watchdog.Remove(process.Id);
        var end = process.Reap();
        groupIsGone = true;
        await outputEnded;
        return end;
    }

    private static ChildProcess StartLauncher(CommandOrder order, string directory, OpenFile go, OpenFile outputRead, OpenFile outputWrite)
    {
        try
        {
            return ChildProcess.Start(
                "/bin/sh",
                ["sh", "-c", Launcher, "sh", directory, .. order.Environment, order.Program, .. order.Arguments],
                [],
                (outputWrite, 1),
                (outputWrite, 2),
                (go, 3));
        }
        catch
        {
            outputRead.Dispose();
            throw;
        }
    }

    // Reads on beyond what is kept, so that a flood does not block the command. A process that left the group may hold the pipe for ever,
    // so that once the group is gone only what is there is read.
    private void Keep(OpenFile output, CommandOutput kept)
    {
        using (output)
        {
            Span<byte> buffer = new byte[16 * 1024];
            while (true)
            {
                var last = groupIsGone;
                var count = output.ReadNext(buffer, last ? 0 : OutputPollMilliseconds);
                if (count == 0 || (count is null && last))
                {
                    return;
                }

                kept.Append(buffer[..(count ?? 0)]);
            }
        }
    }

    private static Task OnItsOwnThread(Action blocking) =>
        Task.Factory.StartNew(blocking, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}

internal readonly record struct CommandEnd(ProcessEnd Process, bool TimedOut);
