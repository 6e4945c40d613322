using Orleans.Concurrency;
using System.Collections.Immutable;
using EventGrains.Contracts.Shards;

namespace EventGrains.Contracts.Sources;

/// <summary>One declared source: where it stands, and its two commands. Keyed by its name; keeps its readers alive.</summary>
[Alias("EventGrains.ISourceGrain"), Version(1)]
public interface ISourceGrain : IGrainWithStringKey
{
    [Alias("Get")]
    Task<SourceView> Get();

    /// <summary>Reads a partition again from a position, or skips to it. Effects are silent where nothing is new.</summary>
    [Alias("Seek")]
    Task Seek(string partition, SeekTo to, long position);

    /// <summary>Goes on after a pause; with <paramref name="skipUnreadable"/> unreadable records no longer pause it until it has read on.</summary>
    [Alias("Resume")]
    Task Resume(bool skipUnreadable);

    /// <summary>Keeps the source and its readers placed and running.</summary>
    [Alias("Ping")]
    Task Ping();

    /// <summary>Counts records that the gateway decoded for a pushed source.</summary>
    [Alias("Count"), OneWay]
    Task Count(long accepted, long rejected);
}

public enum SeekTo : byte
{
    Position,
    Earliest,
    Latest,
}

public enum SourceState : byte
{
    Running,
    Paused,
    Stopped,
}

[GenerateSerializer, Immutable, Alias("EventGrains.SourceView")]
public sealed record SourceView(
    [property: Id(0)] string Name,
    [property: Id(1)] string Type,
    [property: Id(2)] string Format,
    [property: Id(3)] string Storage,
    [property: Id(4)] SourceState State,
    [property: Id(5)] string? Reason,
    [property: Id(6)] ImmutableArray<PartitionView> Partitions);

/// <param name="Position">Up to where all shards have it durably.</param>
/// <param name="Size">How long the partition is now, in the unit of its positions (bytes for a log file).</param>
[GenerateSerializer, Immutable, Alias("EventGrains.PartitionView")]
public sealed record PartitionView(
    [property: Id(0)] string Partition,
    [property: Id(1)] long Generation,
    [property: Id(2)] long Position,
    [property: Id(3)] long Size,
    [property: Id(4)] double EventsPerSecond)
{
    public long LagBytes => Math.Max(0, Size - Position);
}

/// <summary>Records that could not be read. A stateless worker, key 0.</summary>
[Alias("EventGrains.IDeadLettersGrain"), Version(1)]
public interface IDeadLettersGrain : IGrainWithIntegerKey
{
    [Alias("List")]
    Task<DeadLetterPage> List(string? after, int limit);

    [Alias("Get")]
    Task<DeadLetter?> Get(string id);
}

[GenerateSerializer, Immutable, Alias("EventGrains.DeadLetterPage")]
public sealed record DeadLetterPage([property: Id(0)] IReadOnlyList<DeadLetter> Items, [property: Id(1)] string? Next);
