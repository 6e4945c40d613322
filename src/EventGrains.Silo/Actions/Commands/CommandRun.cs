using EventGrains.Contracts.Actions;
using EventGrains.Silo.Posix;
using Microsoft.Extensions.Logging;

namespace EventGrains.Silo.Actions.Commands;

/// <summary>One attempt to run one command: its end decides the step; what it wrote is told when it failed.</summary>
internal sealed partial class CommandRun(
    CommandOrder order,
    WorkingDirectories directories,
    CommandWatchdog watchdog,
    int outputBytesMax,
    TimeProvider time,
    ILogger logger)
{
    /// <summary>How much of the output an error carries; errors are stored with the file.</summary>
    public const int ErrorOutputCharactersMax = 2048;

    /// <exception cref="OperationCanceledException">The claim was lost; nothing of the command runs any more.</exception>
    public async Task<StepOutcome> Run(CancellationToken lost)
    {
        var output = new CommandOutput(outputBytesMax);
        using var directory = directories.Create();
        RunningCommand command;
        try
        {
            command = RunningCommand.Start(order, directory.Path, watchdog, output);
        }
        catch (Exception failure) when (failure is PosixException or ObjectDisposedException)
        {
            return new StepOutcome(false, $"the command could not be started ({failure.Message}); it is tried again");
        }

        return Judge(await command.End(order.Timeout, time, lost), output);
    }

    private StepOutcome Judge(CommandEnd end, CommandOutput output)
    {
        if (!end.TimedOut && end.Process.ExitCode is { } success && order.SuccessExitCodes.Contains(success))
        {
            return new StepOutcome(true);
        }

        var reason = end switch
        {
            { TimedOut: true } => $"the command ran longer than its time limit of {order.Timeout.TotalSeconds:0.###} s and was ended; raise 'timeout', or see why it hangs",
            { Process.ExitCode: { } code } => $"the command ended with exit code {code}; see its output, or name the code in 'successExitCodes'",
            { Process.Signal: not null } when watchdog.IsStopped => "the command was ended because the silo stops; it is tried again",
            { Process.Signal: { } signal } => $"the command was ended by signal {signal} from outside",
            _ => "the command's exit code was taken by another part of this process; start the silo with SIGCHLD not ignored",
        };
        LogFailed(logger, order.Program, reason, output.Text);
        var lines = output.LastLines(ErrorOutputCharactersMax);
        return new StepOutcome(false, lines.Length == 0 ? $"{reason}. It wrote nothing." : $"{reason}. Its last output:\n{lines}");
    }

    [LoggerMessage(LogLevel.Debug, "{Program}: {Reason}; all kept output:\n{Output}")]
    private static partial void LogFailed(ILogger logger, string program, string reason, string output);
}
