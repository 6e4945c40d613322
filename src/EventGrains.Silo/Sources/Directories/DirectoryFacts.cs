using System.Globalization;
using EventGrains.Events;
using EventGrains.Files;
using EventGrains.Silo.Posix;

namespace EventGrains.Silo.Sources.Directories;

/// <summary>What a look at a file says, given what is known of it. Pure.</summary>
/// <remarks>
/// An incarnation is the change time of the completed write, 16 hexadecimal digits of nanoseconds. Only another size or
/// modification time makes a new one; a chmod or rename moves the change time alone and makes none. The modification time of the
/// known incarnation is kept as the time at which its size was said, to the 100 ns that a <see cref="DateTime"/> holds.
/// </remarks>
internal static class DirectoryFacts
{
    public const string Stored = "stored";
    public const string Located = "located";
    public const string Deleted = "deleted";

    /// <summary>Null when nothing of it is new.</summary>
    /// <param name="path">Where it was seen, relative to the storage's root.</param>
    /// <param name="known">What is known of this file; null for nothing.</param>
    /// <param name="isKnownPathItsToo">The path that is known leads to the same file still: another name of one file, no rename.</param>
    public static StorageEvent? OfSeen(FileId id, string path, in FileStat stat, FileState? known, bool isKnownPathItsToo)
    {
        var facts = known?.Facts;
        var isSame = facts is not null && IsSameContent(facts, stat);
        var incarnation = isSame ? facts!.Incarnation : Next(facts, stat.ChangedNanoseconds);
        var isElsewhere = facts?.Path is { Rank: PathRank.Namespace, Value: { } knownPath } && knownPath != path;
        var keepsPath = isElsewhere && isKnownPathItsToo;
        var isPresent = isSame && facts!.Replicas.Any(r => IsOwn(r, id) && r.State == ReplicaState.Present);
        var isLocated = facts?.Path is { Rank: PathRank.Namespace } && (!isElsewhere || keepsPath);
        if (isSame && isPresent && isLocated)
        {
            return null;
        }

        var changedAt = stat.ChangedAt;
        var replicaAt = isSame ? Later(changedAt, LastSaid(facts!, id), isPresent) : changedAt;
        return new StorageEvent(id, isSame ? Located : Stored, new FileFacts
        {
            Incarnation = incarnation,
            Existence = new ExistenceRegister(Existence.Stored),
            Size = new SizeRegister(stat.Size, stat.ModifiedAt),
            Path = keepsPath ? default : new PathRegister(PathRank.Namespace, Later(changedAt, facts?.Path.SaidAt, !isElsewhere), path),
            Replicas = [new Replica(id.Storage, null, null, replicaAt, ReplicaState.Present)],
        });
    }

    /// <summary>A known file that is not complete has another name: that much is sure, whatever a writer makes of its content. Null when it has not.</summary>
    /// <remarks>Otherwise its old name, where nothing is any more, would be taken for its end until the writer closes it.</remarks>
    public static StorageEvent? OfMoved(FileId id, string path, in FileStat stat, FileState? known, bool isKnownPathItsToo)
    {
        if (known is null || !IsLive(known.Facts) || isKnownPathItsToo || (known.Facts.Path is { Rank: PathRank.Namespace, Value: { } knownPath } && knownPath == path))
        {
            return null;
        }

        return new StorageEvent(id, Located, new FileFacts
        {
            Incarnation = known.Facts.Incarnation,
            Path = new PathRegister(PathRank.Namespace, Later(stat.ChangedAt, known.Facts.Path.SaidAt, mayRepeat: false), path),
        });
    }

    /// <summary>The file is proved to be gone.</summary>
    /// <param name="directoryNow">The time by the clock of the directory that held it.</param>
    public static StorageEvent OfGone(FileState known, DateTime directoryNow) => new(known.Id, Deleted, new FileFacts
    {
        Incarnation = known.Facts.Incarnation,
        Existence = new ExistenceRegister(Existence.Deleted),
        DeletedThrough = known.Facts.Incarnation,
        Replicas = [new Replica(known.Id.Storage, null, null, Later(directoryNow, LastSaid(known.Facts, known.Id), false), ReplicaState.Removed)],
    });

    /// <summary>Whether the known state says that the file is there.</summary>
    public static bool IsLive(FileFacts facts) =>
        facts.Existence.State == Existence.Stored && !IsDeleted(facts);

    public static bool IsSameContent(FileFacts facts, in FileStat stat) =>
        IsLive(facts) && facts.Size.Bytes == stat.Size && facts.Size.SaidAt == stat.ModifiedAt;

    private static bool IsDeleted(FileFacts facts) =>
        facts.Existence.State == Existence.Deleted || (facts.DeletedThrough is { } through && through >= facts.Incarnation);

    /// <summary>Above everything known, also when the file system's clock went back or did not move between two writes.</summary>
    private static Incarnation Next(FileFacts? facts, long changedNanoseconds)
    {
        var changed = Text(changedNanoseconds);
        if (facts is null)
        {
            return changed;
        }

        var known = facts.DeletedThrough is { } through && through > facts.Incarnation ? through : facts.Incarnation;
        return changed > known ? changed : After(known);
    }

    private static Incarnation After(Incarnation known) =>
        long.TryParse(known.Value, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var nanoseconds) && nanoseconds < long.MaxValue
            ? Text(nanoseconds + 1)
            : new Incarnation(known.Value + "+");

    // Times before 1970 come before all others, and all alike: order is what counts here.
    private static Incarnation Text(long nanoseconds) =>
        new(Math.Max(nanoseconds, 0).ToString("x16", CultureInfo.InvariantCulture));

    private static bool IsOwn(in Replica replica, FileId id) => replica.Storage == id.Storage && replica.Pool is null && replica.Path is null;

    private static DateTime? LastSaid(FileFacts facts, FileId id)
    {
        foreach (var replica in facts.Replicas)
        {
            if (IsOwn(replica, id))
            {
                return replica.SaidAt;
            }
        }

        return null;
    }

    /// <summary>A statement that must beat the one before carries a later time; one that repeats it need not.</summary>
    private static DateTime Later(DateTime at, DateTime? before, bool mayRepeat) =>
        before is not { } earlier || at > earlier ? at : mayRepeat ? earlier : earlier.AddTicks(1);
}
