namespace EventGrains.Cli;

/// <summary>How the program ends; scripts rely on the numbers.</summary>
internal static class ExitCode
{
    public const int Ok = 0;
    public const int Failed = 1;
    public const int Usage = 2;
    public const int NotFound = 3;
    public const int Unreachable = 4;
    public const int TimedOut = 5;
    public const int SomeRejected = 6;

    /// <summary>The data directory or the database is in use by others, newer, or refuses: somebody has to mend that before another start.</summary>
    public const int DataDirectory = 7;

    public const int PortInUse = 8;

    /// <summary>A silo that its peers declared dead ends itself: start it again.</summary>
    public const int DeclaredDead = EventGrains.Silo.Cluster.SiloEnd.DeclaredDead;

    /// <summary>The database did not answer in time at the start, as when machines start together: start again.</summary>
    public const int StoreAway = 10;
}

/// <summary>Ends a verb with an exit code and what the user should read: what went wrong, and what to do.</summary>
internal sealed class VerbFailure(int exitCode, string message, Exception? inner = null) : Exception(message, inner)
{
    public int ExitCode { get; } = exitCode;

    /// <summary>What was asked for is not there, as opposed to being there more than once.</summary>
    public bool IsUnknown { get; init; }
}
