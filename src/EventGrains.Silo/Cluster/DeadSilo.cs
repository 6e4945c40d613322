using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace EventGrains.Silo.Cluster;

/// <summary>How a process ends when its silo may not go on.</summary>
/// <param name="Tell">Where the one line goes that says why.</param>
/// <param name="End">Ends the process at once with an exit code, running nothing more.</param>
public sealed record SiloEnd(Action<string> Tell, Action<int> End)
{
    /// <summary>The others declared this silo dead, and serve what was its own.</summary>
    public const int DeclaredDead = 9;

    private const int Failed = 1;

    /// <summary>The line for what Orleans says when a silo that starts cannot reach all that are alive, or they cannot reach it.</summary>
    public static string NotJoined(string reason)
    {
        var (begin, end) = (reason.LastIndexOf('['), reason.LastIndexOf(']'));
        var silos = begin >= 0 && end > begin + 1 ? reason[(begin + 1)..end] : reason;
        return $"This silo did not join the cluster: no answer came from {silos}. The cluster runs on without it. Open the silo ports (--silo-port) between them and this silo, both ways, "
            + "or correct --advertise there or here, and start it again; `joinWithinSeconds` is how long it tries.";
    }

    /// <summary>The exit code and the line for what Orleans gives as its reason.</summary>
    public static (int Code, string Line) Of(string? context, Exception? exception)
    {
        var reason = string.Join(' ', (context ?? "").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return reason.Contains("told I am dead", StringComparison.Ordinal)
            ? (DeclaredDead, "This silo was declared dead by its peers: it did not answer them in time (stopped, overloaded, or cut off), and they serve its shards now. "
                + "It ends itself, and nothing acknowledged is lost. Start it again; if this comes back, look at the load, the network between silos, and pauses of this machine.")
            : (Failed, $"This silo cannot go on and ends itself; nothing acknowledged is lost. Start it again. Reason: {(reason.Length > 0 ? reason : "unknown")}{(exception is null ? "" : $": {exception.Message}")}");
    }
}

/// <summary>Ends the process in place of Orleans' own handler, which waits two seconds, prints a stack and leaves a core dump.</summary>
internal sealed partial class DeadSilo(SiloEnd end, ILogger<DeadSilo> log) : IFatalErrorHandler
{
    private int _ending;

    public bool IsUnexpected(Exception exception) => exception is not ThreadAbortException;

    public void OnFatalException(object? sender = null, string? context = null, Exception? exception = null)
    {
        if (Interlocked.Exchange(ref _ending, 1) == 0)
        {
            var (code, line) = SiloEnd.Of(context, exception);
            LogEnd(exception, sender, context);
            end.Tell(line);
            end.End(code);
        }
    }

    [LoggerMessage(Level = LogLevel.Critical, Message = "Fatal for this silo, from {Sender}: {Context}")]
    private partial void LogEnd(Exception? failure, object? sender, string? context);
}
