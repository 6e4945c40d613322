using System.Collections.Immutable;
using EventGrains.Contracts.Actions;
using EventGrains.Events;
using EventGrains.Files;
using Orleans.Runtime;

namespace EventGrains.Contracts.Shards;

/// <summary>Owns the states of the files whose id hashes to it; the only writer of their rows. Keyed by the shard's number.</summary>
/// <remarks>
/// Every answer waits until all that it was computed on is durable, also when the call itself changed nothing: a duplicate of an
/// event that is still in flight is not acknowledged before that event. Events may come twice and in any order.
/// </remarks>
[Alias("EventGrains.IFileShardGrain"), Version(1)]
public interface IFileShardGrain : IGrainWithIntegerKey
{
    /// <summary>Applies pushed events. Returns when they are durable; throws when they may not be: send the same again.</summary>
    [Alias("Apply")]
    Task<ApplyAnswer> Apply(EventBatch batch);

    /// <summary>Applies a range of a pulled source's partition, with its position, or refuses it without effect.</summary>
    [Alias("ApplyRange")]
    Task<RangeAnswer> ApplyRange(EventRange range);

    /// <summary>Gives the next attempt of a step, or null when there is none to give: done, superseded, or another attempt's deadline has not passed.</summary>
    [Alias("Claim")]
    Task<StepClaim?> Claim(FileId file, StepKey step);

    /// <summary>Moves a running attempt's deadline on; null when the attempt is no longer the step's newest: stop the work.</summary>
    [Alias("Extend")]
    Task<StepClaim?> Extend(StepClaim claim);

    /// <summary>Takes an attempt's result once; false when the attempt is no longer the step's newest, and nothing is changed.</summary>
    [Alias("Conclude")]
    Task<bool> Conclude(StepClaim claim, StepOutcome outcome);

    /// <summary>Puts failed steps of a file back to waiting, with a fresh count of attempts; returns how many.</summary>
    [Alias("Retry")]
    Task<int> Retry(FileId file, string? rule);

    /// <summary>Keeps, durably, that a path of a replica storage holds a copy of a file. Call it before the rename that gives a free name a copy:
    /// whoever sees the path there knows whose copy it is. Of a name that has a copy the alias tells what is there; there it comes after the
    /// rename. Called at the shard of the id <c>STORAGE:alias/PATH</c>. False, and nothing is changed, where a newer content of the same file has
    /// the path: the attempt was frozen and woke up late.</summary>
    [Alias("SaveAlias")]
    Task<bool> SaveAlias(CopyAlias alias);

    /// <summary>Whose copy a path of a replica storage is; null when none of ours.</summary>
    [Alias("FindAlias")]
    Task<CopyAlias?> FindAlias(string storage, WireName path);

    /// <summary>Keeps the shard alive and placed; answers whose it is.</summary>
    [Alias("Ping")]
    Task<ShardView> Ping();

    /// <summary>Gives the shard to another silo when the calls that it works on are answered; later ones follow it there. Answers at once.</summary>
    /// <remarks>Where it cannot begin there (that silo is not known here yet, or goes) it begins anywhere: who wants it there looks, and asks again.</remarks>
    [Alias("Move")]
    Task Move(SiloAddress to);
}

/// <summary>Who owns a shard.</summary>
/// <param name="Epoch">The owner's term: every commit carries it, and one of an older term is refused.</param>
[GenerateSerializer, Immutable, Alias("EventGrains.ShardView")]
public sealed record ShardView([property: Id(0)] int Shard, [property: Id(1)] long Epoch, [property: Id(2)] SiloAddress Silo);

/// <summary>Pushed events of one source, all of files of one shard.</summary>
/// <param name="Call">A name of its own, the same when the sender repeats the call: while one is at work the other joins it. Without one it is applied again, and silent.</param>
[GenerateSerializer, Immutable, Alias("EventGrains.EventBatch")]
public sealed record EventBatch([property: Id(0)] string Source, [property: Id(1)] IReadOnlyList<StorageEvent> Events, [property: Id(2)] Guid Call = default);

/// <param name="Failed">Events whose merge threw, by their place in the batch: rejected, and nothing of them is kept.</param>
[GenerateSerializer, Immutable, Alias("EventGrains.ApplyAnswer")]
public sealed record ApplyAnswer([property: Id(0)] ImmutableArray<int> Failed);

/// <summary>What one shard gets of a stretch of a partition: all its records between two positions, none left out.</summary>
/// <param name="ReaderEpoch">The reader's, from the partition's row; a lower one than was seen is refused.</param>
/// <param name="Generation">Which content of the partition: a rotated or truncated log file begins another.</param>
/// <param name="After">The <paramref name="UpTo"/> of the last range sent to this shard.</param>
/// <param name="Positions">The position after each event, beside <paramref name="Events"/>.</param>
/// <param name="DeadLetters">Records of this stretch that could not be read, for the shard that keeps the partition's.</param>
[GenerateSerializer, Immutable, Alias("EventGrains.EventRange")]
public sealed record EventRange(
    [property: Id(0)] string Source,
    [property: Id(1)] string Partition,
    [property: Id(2)] long ReaderEpoch,
    [property: Id(3)] long Generation,
    [property: Id(4)] RangePoint After,
    [property: Id(5)] long UpTo,
    [property: Id(6)] IReadOnlyList<StorageEvent> Events,
    [property: Id(7)] IReadOnlyList<long> Positions,
    [property: Id(8)] IReadOnlyList<DeadLetter> DeadLetters,
    [property: Id(9)] string? Check = null);

/// <summary>A place in a partition: the generation and the position in it. The first range of a generation carries where the old one ended.</summary>
[GenerateSerializer, Immutable, Alias("EventGrains.RangePoint")]
public readonly record struct RangePoint([property: Id(0)] long Generation, [property: Id(1)] long Position) : IComparable<RangePoint>
{
    public int CompareTo(RangePoint other)
    {
        var byGeneration = Generation.CompareTo(other.Generation);
        return byGeneration != 0 ? byGeneration : Position.CompareTo(other.Position);
    }
}

public enum RangeVerdict : byte
{
    /// <summary>Applied now, or known before (a repeat): the range's end is durable.</summary>
    Committed,

    /// <summary>The shard does not stand where the range begins; resend from <see cref="RangeAnswer.Stands"/>.</summary>
    Gap,

    /// <summary>A newer reader owns the partition: stop.</summary>
    Fenced,
}

/// <param name="Stands">Where the shard stands, durably.</param>
[GenerateSerializer, Immutable, Alias("EventGrains.RangeAnswer")]
public sealed record RangeAnswer([property: Id(0)] RangeVerdict Verdict, [property: Id(1)] RangePoint Stands);

/// <summary>A record that could not be read, kept with all that is needed to mend and resend it.</summary>
[GenerateSerializer, Immutable, Alias("EventGrains.DeadLetter")]
public sealed record DeadLetter(
    [property: Id(0)] string Source,
    [property: Id(1)] string? Partition,
    [property: Id(2)] long? Generation,
    [property: Id(3)] long? Position,
    [property: Id(4)] string Reason,
    [property: Id(5)] byte[] Bytes,
    [property: Id(6)] DateTime At)
{
    /// <summary>Of a longer record only so many bytes are kept; the reason says so.</summary>
    public const int BytesMax = 64 * 1024;

    public string Id => $"{Source}/{Partition}/{Generation}/{Position}";
}

/// <summary>A path in a replica storage that holds a copy of a file of ours. One file's at a time: of two that claim one path the later has it.</summary>
[GenerateSerializer, Immutable, Alias("EventGrains.CopyAlias")]
public sealed record CopyAlias(
    [property: Id(0)] string Storage,
    string Path,
    [property: Id(2)] FileId File,
    [property: Id(3)] Incarnation Incarnation,
    [property: Id(4)] Checksum? Checksum)
{
    [Id(1)]
    private readonly WireName path = Path;

    public string Path
    {
        get => path.Value!;
        init => path = value;
    }

    /// <summary>Of an older content of the same file: an attempt that was frozen and wakes up must not put it over the newer one's.</summary>
    public bool IsOlderThan(CopyAlias other) => File == other.File && Incarnation < other.Incarnation;

    /// <summary>The id that places the alias in a shard, and that routes events about the path there.</summary>
    public static FileId RoutingId(string storage, string path) => new(storage, "alias" + path);
}
