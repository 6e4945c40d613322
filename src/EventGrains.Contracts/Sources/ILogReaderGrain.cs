using EventGrains.Files;

namespace EventGrains.Contracts.Sources;

/// <summary>Reads one partition of a log source. Keyed <c>p:SOURCE/PARTITION</c>; its source keeps it alive and tells it what it sees.</summary>
[Alias("EventGrains.ILogReaderGrain"), Version(1)]
public interface ILogReaderGrain : IGrainWithStringKey
{
    /// <summary>Starts the reader if it does not run, and tells it what its source sees.</summary>
    /// <param name="othersWait">Another partition waits for a reader: rest as soon as everything is read.</param>
    [Alias("Ping")]
    Task<LogReaderView> Ping(LogSights sights, bool othersWait);

    /// <summary>Reads the present file from the beginning of the line at a position; effects are silent where nothing is new.</summary>
    [Alias("Seek")]
    Task Seek(SeekTo to, long position);

    [Alias("Resume")]
    Task Resume(bool skipUnreadable);
}

/// <summary>A log file that was seen: its name relative to the glob's fixed directory, which file it is, and how long.</summary>
[GenerateSerializer, Immutable, Alias("EventGrains.LogSighting")]
public readonly record struct LogSighting(
    string Name,
    [property: Id(1)] ulong Device,
    [property: Id(2)] ulong Inode,
    [property: Id(3)] long BirthNanoseconds,
    [property: Id(4)] long Size,
    [property: Id(5)] long ModifiedNanoseconds)
{
    [Id(0)]
    private readonly WireName name = Name;

    public string Name
    {
        get => name.Value!;
        init => name = value;
    }
}

/// <summary>What a log source sees of one partition.</summary>
/// <param name="Now">The files that are the partition's now.</param>
/// <param name="Gone">Files of the partition that are to be seen no more, as they were at the last look that saw them, a second before
/// they were missed. Empty when nobody looked then.</param>
[GenerateSerializer, Immutable, Alias("EventGrains.LogSights")]
public sealed record LogSights([property: Id(0)] IReadOnlyList<LogSighting> Now, [property: Id(1)] IReadOnlyList<LogSighting> Gone)
{
    /// <summary>Nobody has looked.</summary>
    public static LogSights None { get; } = new([], []);
}

/// <param name="Position">Up to where every record is durable.</param>
/// <param name="IsResting">All is read and durable; it ends, and need not be pinged until a file changes.</param>
/// <param name="Trouble">Why it does not get on; null when it does.</param>
/// <param name="PausedReason">Why it stands still until it is resumed; null when it does not.</param>
[GenerateSerializer, Immutable, Alias("EventGrains.LogReaderView")]
public sealed record LogReaderView(
    [property: Id(0)] long Generation,
    [property: Id(1)] long Position,
    [property: Id(2)] long Size,
    [property: Id(3)] double EventsPerSecond,
    [property: Id(4)] bool IsResting,
    [property: Id(5)] string? Trouble,
    [property: Id(6)] string? PausedReason);
