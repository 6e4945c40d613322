using System.Collections.Immutable;
using EventGrains.Files;

namespace EventGrains.Events;

/// <summary>What "stored" and "deleted" mean for a storage whose events may name an incarnation; if they do not, existence and size are ordered by the event's time.</summary>
internal static class ObjectFacts
{
    public static FileFacts Stored(
        Incarnation incarnation, DateTime at, long? size, ImmutableArray<Checksum> checksums, PathRegister path, Replica place)
    {
        var orderedAt = incarnation.IsNone ? at : default;
        return new FileFacts
        {
            Incarnation = incarnation,
            Existence = new ExistenceRegister(Existence.Stored, orderedAt),
            Size = size is null ? default : new SizeRegister(size, orderedAt),
            Checksums = checksums,
            Path = path,
            Replicas = [place],
        };
    }

    /// <param name="place">The file's own place, removed. Said only where no incarnation is closed: facts of a closed one are no longer asked for.</param>
    public static FileFacts Deleted(Incarnation incarnation, PathRegister path, Replica place) => incarnation.IsNone
        ? new FileFacts { Existence = new ExistenceRegister(Existence.Deleted, place.SaidAt), Path = path, Replicas = [place] }
        : new FileFacts { DeletedThrough = incarnation, Path = path };
}
