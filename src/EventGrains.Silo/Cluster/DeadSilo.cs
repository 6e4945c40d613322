using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace EventGrains.Silo.Cluster;

/// <summary>How a process ends when its silo may not go on.</summary>
/// <param name="Tell">Where the one line goes that says why.</param>
/// <param name="End">Ends the process at once with an exit code, running nothing more.</param>
public sealed partial record SiloEnd(Action<string> Tell, Action<int> End)
{
    /// <summary>The others declared this silo dead, and serve what was its own.</summary>
    public const int DeclaredDead = 9;

    private const int Failed = 1;

    /// <summary>The exit code and the line for what Orleans gives as its reason.</summary>
    /// <param name="hasJoined">Whether this silo ever was one of the cluster.</param>
    public static (int Code, string Line) Of(string? context, Exception? exception, bool hasJoined = true)
    {
        var reason = string.Join(' ', (context ?? "").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return !reason.Contains("told I am dead", StringComparison.Ordinal)
            ? (Failed, $"This silo cannot go on and ends itself; nothing acknowledged is lost. Start it again. Reason: {(reason.Length > 0 ? reason : "unknown")}{(exception is null ? "" : $": {exception.Message}")}")
            : !hasJoined
            ? (Failed, NotJoined(reason))
            : (DeclaredDead, "This silo was declared dead by its peers: it did not answer them in time (stopped, overloaded, or cut off), and they serve its shards now. "
                + "It ends itself, and nothing acknowledged is lost. Start it again; if this comes back, look at the load, the network between silos, and pauses of this machine.");
    }

    /// <summary>The line for a silo that starts and does not get in: Orleans' reason names those that are active, or that did not answer.</summary>
    public static string NotJoined(string reason)
    {
        var active = Member().Matches(reason).Select(m => $"{m.Groups[3].Value} at {m.Groups[1].Value}:{m.Groups[2].Value}").ToList();
        var unanswered = Address().Matches(reason[(reason.LastIndexOf(": [", StringComparison.Ordinal) + 1)..]).Select(m => $"{m.Groups[1].Value}:{m.Groups[2].Value}").ToList();
        var silos = string.Join(", ", active.Count > 0 ? active : unanswered);
        return $"This silo did not join the cluster: it and {(silos.Length > 0 ? silos : "the silos that run")} did not reach one another in time. The cluster runs on without it. "
            + "Open the silo ports (--silo-port) between them, or correct --advertise on either side, and start this silo again.";
    }

    [GeneratedRegex(@"SiloAddress=S(\S+):(\d+):-?\d+ SiloName=(\S+) Status=Active")]
    private static partial Regex Member();

    [GeneratedRegex(@"S([^\s,]+):(\d+):-?\d+")]
    private static partial Regex Address();
}

/// <summary>Ends the process in place of Orleans' own handler, which waits two seconds, prints a stack and leaves a core dump.</summary>
internal sealed partial class DeadSilo(SiloEnd end, ILogger<DeadSilo> log) : IFatalErrorHandler, ILifecycleParticipant<ISiloLifecycle>
{
    private int _ending;
    private volatile bool _hasJoined;

    public void Participate(ISiloLifecycle lifecycle) => lifecycle.Subscribe(nameof(DeadSilo), ServiceLifecycleStage.Active, _ =>
    {
        _hasJoined = true;
        return Task.CompletedTask;
    });

    public bool IsUnexpected(Exception exception) => exception is not ThreadAbortException;

    public void OnFatalException(object? sender = null, string? context = null, Exception? exception = null)
    {
        if (Interlocked.Exchange(ref _ending, 1) == 0)
        {
            var (code, line) = SiloEnd.Of(context, exception, _hasJoined);
            LogEnd(exception, sender, context);
            end.Tell(line);
            end.End(code);
        }
    }

    [LoggerMessage(Level = LogLevel.Critical, Message = "Fatal for this silo, from {Sender}: {Context}")]
    private partial void LogEnd(Exception? failure, object? sender, string? context);
}
