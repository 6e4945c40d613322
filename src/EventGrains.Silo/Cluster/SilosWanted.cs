using Microsoft.Extensions.Logging;

namespace EventGrains.Silo.Cluster;

/// <summary>A gateway waits for its first silo as long as it takes, and for the database with the table of silos too.</summary>
internal sealed partial class SilosWanted(TimeProvider time, ILogger<SilosWanted> log) : IClientConnectionRetryFilter
{
    private static readonly TimeSpan WaitFirst = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(5);

    private int _attempts;

    public async Task<bool> ShouldRetryConnectionAttempt(Exception exception, CancellationToken cancellationToken)
    {
        var wait = WaitOf(_attempts++);
        LogNoSilo(exception.Message, wait);
        await Task.Delay(wait, time, cancellationToken);
        return true;
    }

    internal static TimeSpan WaitOf(int attempt) => attempt < 5 && WaitFirst * (1 << attempt) < WaitMax ? WaitFirst * (1 << attempt) : WaitMax;

    [LoggerMessage(Level = LogLevel.Warning, Message = "No silo can be reached yet ({Reason}); asking again in {Wait}.")]
    private partial void LogNoSilo(string reason, TimeSpan wait);
}
