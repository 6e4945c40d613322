using System.Globalization;
using EventGrains.Contracts.Shards;
using EventGrains.Contracts.Sources;
using EventGrains.Rules;
using EventGrains.Silo.Posix;

namespace EventGrains.Silo.Sources.Logs;

/// <summary>How a generation of a partition begins.</summary>
internal enum GenerationEntry : byte
{
    /// <summary>Where the one before ended: its records follow those of the old one.</summary>
    Followed,

    /// <summary>At a position that somebody asked for: each shard comes from wherever it stands.</summary>
    Sought,

    /// <summary>After something that is lost: each shard comes from wherever it stands, and a dead letter says what is missing.</summary>
    Gap,
}

/// <summary>One stretch of one file's content, read in one go: what a partition is made of, in the order of their numbers.</summary>
/// <param name="Number">From 1; shards stand at 0 before the first.</param>
/// <param name="File">Null for a generation that holds nothing and only says that something before it is lost.</param>
/// <param name="Name">Under which name the file was found last, relative to the glob's fixed directory.</param>
/// <param name="Start">The first byte of it.</param>
/// <param name="End">Null while it may grow.</param>
/// <param name="Lost">For a gap: where reading broke off.</param>
/// <param name="Note">For a gap: what happened, for people.</param>
/// <param name="StartCheck">The hash of what lay before its first byte, when that is known: the same inode may hold other bytes when its turn comes.</param>
/// <param name="EndCheck">The hash of what lay before its end.</param>
/// <param name="Settled">For one that has ended: its file as it was when nothing in it was unread, be it at its end or when it held another content.</param>
internal sealed record LogGeneration(
    long Number,
    FileIdentity? File,
    string Name,
    long Start,
    long? End,
    GenerationEntry Entry,
    RangePoint? Lost = null,
    string? Note = null,
    string? StartCheck = null,
    string? EndCheck = null,
    LogRest? Settled = null)
{
    public RangePoint Begin => new(Number, Start);
}

/// <summary>A file as it was when all of it had been read: nothing to do while it is still so.</summary>
internal sealed record LogRest(long Position, long ModifiedNanoseconds)
{
    public static LogRest Of(in LogSighting file) => new(file.Size, file.ModifiedNanoseconds);

    public static LogRest Of(in FileStat file) => new(file.Size, file.ModifiedNanoseconds);
}

/// <summary>Why a partition stands still until somebody says to go on.</summary>
/// <param name="At">Where it stopped: with <c>skip unreadable</c> it goes on until it has read past all that was there then.</param>
internal sealed record LogPause(string Reason, DateTime At);

/// <summary>What the end of a generation's file looks like: from the open file, from the partition's own name, and from what is known to come next.</summary>
/// <param name="Size">Of the open file.</param>
/// <param name="HasName">Whether the open file still has any name at all.</param>
/// <param name="HasSuccessor">Whether another file bears the partition's name now, or a later generation is known: somebody waits for this one to end.</param>
/// <param name="Writers">Whether somebody still has the open file open for writing.</param>
/// <param name="UnchangedFor">For how long it has not grown.</param>
internal readonly record struct EndSight(long Size, bool HasName, bool HasSuccessor, Writers Writers, TimeSpan UnchangedFor)
{
    /// <summary>It was replaced or deleted: only its writers can still say more.</summary>
    public bool MayEnd => HasSuccessor || !HasName;
}

internal enum EndVerdict : byte
{
    /// <summary>Nothing new, and more may come.</summary>
    Wait,

    /// <summary>It has grown.</summary>
    ReadOn,

    /// <summary>Its content is another one: it is shorter than what was read of it.</summary>
    Truncated,

    /// <summary>It grows no more: it was renamed or deleted, and its writer has let go of it.</summary>
    Finished,

    /// <summary>Its writer goes on in it while others wait: left after its last whole line. What comes later is late.</summary>
    Left,
}

/// <summary>Decides what the end of a file means. Pure.</summary>
internal static class LogEnd
{
    /// <summary>A writer that never pauses for one grace is waited for as many.</summary>
    public const int GracesMax = 2;

    /// <param name="position">Up to where the file was read.</param>
    /// <param name="waited">For how long it might have ended and did not; at once for a late file of which a whole line was read.</param>
    /// <param name="grace">Where nobody can tell whether a writer still has it: for so long a renamed file must not have grown.</param>
    public static EndVerdict Judge(long position, in EndSight sight, TimeSpan waited, TimeSpan grace)
    {
        if (sight.Size != position)
        {
            return sight.Size > position ? EndVerdict.ReadOn : EndVerdict.Truncated;
        }

        // Renamed away, and nobody has its name yet: its writer may well go on in it.
        if (!sight.MayEnd)
        {
            return EndVerdict.Wait;
        }

        return sight.Writers == Writers.None || sight.UnchangedFor >= grace ? EndVerdict.Finished
            : waited >= grace * GracesMax ? EndVerdict.Left
            : EndVerdict.Wait;
    }
}

/// <summary>Words for people.</summary>
internal static class LogWords
{
    public const string Truncated = "the file was truncated, and no copy of it is in its directory";

    public static string Unreadable(SourceDefinition source, string partition, int unreadable) =>
        $"{unreadable} of the last {UnreadableWindow.Records} records of {partition} are unreadable: is the format '{source.Format}' right? Look at 'eventgrains dead-letter list', then 'eventgrains source resume {source.Name}', with --skip-unreadable to leave them in the dead letters";

    public static string Lost(string partition, RangePoint at, string why) => string.Create(
        CultureInfo.InvariantCulture,
        $"what may have followed position {at.Position} of generation {at.Generation} of {partition} is lost to us: {why}; if a copy exists, publish it with 'eventgrains events publish'");
}
