using EventGrains.LoadTest.Generator;

namespace EventGrains.LoadTest.Oracle;

/// <summary>What must be known of a file at the end, in the words of the file JSON.</summary>
/// <param name="Replicas">By pool: <c>present</c> or <c>removed</c>.</param>
/// <param name="Status">Without steps of rules; a rule's <c>run</c> may make it <c>processed</c>.</param>
internal sealed record FileTruth(
    string Path,
    string Existence,
    string Status,
    string Locality,
    long? Size,
    IReadOnlyDictionary<string, string> Replicas,
    string? TapeCopy)
{
    /// <summary>What a life leaves to be known; null when all that was said of it were failures, and nobody may know it.</summary>
    /// <remarks>Follows what happened, not the records: a bug in the writing of records shows as a wrong state.</remarks>
    public static FileTruth? Of(FileLife life)
    {
        var (known, exists, deleted, sized, onTape, restored, lastWasEviction) = (false, false, false, false, false, false, false);
        var replicas = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var what in life.Happenings)
        {
            var pool = Pools.Name(what.Pool);
            switch (what.Kind)
            {
                case HappeningKind.WriteFailed or HappeningKind.FlushFailed:
                    continue;
                case HappeningKind.Written or HappeningKind.Announced:
                    (exists, sized, replicas[pool]) = (true, true, "present");
                    break;
                case HappeningKind.DoorFailed:
                    // The pool proved bytes, not existence: the door may have undone all of it.
                    (sized, replicas[pool]) = (true, "present");
                    break;
                case HappeningKind.Read:
                    (exists, replicas[pool]) = (true, "present");
                    break;
                case HappeningKind.Flushed:
                    (onTape, sized) = (true, true);
                    break;
                case HappeningKind.Restored:
                    (restored, sized, replicas[pool]) = (true, true, "present");
                    break;
                case HappeningKind.Evicted or HappeningKind.Cleaned:
                    (replicas[pool], lastWasEviction) = ("removed", what.Kind == HappeningKind.Evicted);
                    break;
                case HappeningKind.Deleted:
                    deleted = true;
                    break;
            }

            known = true;
        }

        if (!known)
        {
            return null;
        }

        var present = replicas.Values.Count(state => state == "present");
        var existence = deleted ? "deleted" : exists ? "stored" : "unknown";
        var lost = existence == "stored" && present == 0 && replicas.Count > 0 && !onTape && !lastWasEviction;
        var status = (existence, lost) switch
        {
            ("deleted", _) => "deleted",
            (_, true) => "lost",
            ("stored", _) when present >= 2 => "replicated",
            ("stored", _) when restored && present > 0 && onTape => "staged",
            _ => existence,
        };
        var locality = (present > 0, onTape) switch
        {
            (true, true) => "both",
            (true, false) => "disk",
            (false, true) => "tape",
            _ => lost || deleted ? "none" : "unknown",
        };
        return new FileTruth(life.Path, existence, status, locality, sized ? life.Size : null, replicas, onTape ? life.TapeCopy : null);
    }
}
