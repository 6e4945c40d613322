using EventGrains.Files;

namespace EventGrains.Silo.Sources.Directories;

/// <summary>Says when it may be concluded that what is missing is gone: when all places where it may have been moved to were looked at. Pure but for what it is told.</summary>
/// <remarks>
/// Those are what happened until it was found missing, in the kernel's order, the looks that were due then, and the walks that were under way. What
/// comes later is not waited for, so that a directory where something always happens is not one where nothing is ever deleted. Only when a name
/// came and was gone before it was looked at, it all is done once more: the file may have had that name, and have another now.
/// </remarks>
internal sealed class Conclusions
{
    /// <summary>Whoever sees a name gone sees it before the kernel has told of the new one.</summary>
    public static readonly TimeSpan TellingDelay = TimeSpan.FromMilliseconds(50);

    /// <summary>A file that is renamed just before each look is not followed further.</summary>
    public const int RoundsMax = 8;

    private List<Missing> missing = [];
    private Task[] walks = [];
    private DateTime foundAt;
    private DateTime? noticesReadAt;
    private long? noticesUpTo;
    private int rounds;
    private volatile bool hasMissedName;

    public bool IsEmpty => missing.Count == 0;

    public void Begin(List<Missing> missing, DateTime now)
    {
        (this.missing, foundAt, rounds) = (missing, now, 0);
        BeginRound();
    }

    /// <summary>A name came and was gone before it was looked at. From any thread.</summary>
    public void MissName() => hasMissedName = true;

    /// <summary>Those whose turn it is; empty while it is not.</summary>
    /// <param name="noticesCome">Measures how much the kernel has told or is about to tell.</param>
    /// <param name="noticesTaken">How much of it was turned into looks and walks.</param>
    /// <param name="nextDue">When the first look is due that was not done.</param>
    /// <param name="walking">The walks under way.</param>
    public IReadOnlyList<Missing> Take(Func<long> noticesCome, long noticesTaken, DateTime? nextDue, IEnumerable<Task> walking, DateTime now)
    {
        if (IsEmpty || now < foundAt + TellingDelay)
        {
            return [];
        }

        noticesUpTo ??= noticesCome();
        if (noticesTaken < noticesUpTo)
        {
            return [];
        }

        if (noticesReadAt is null)
        {
            (noticesReadAt, walks) = (now, [.. walking]);
        }

        // Of what was noticed by then a look is due so much later at most.
        if (nextDue <= noticesReadAt + LookQueue.CreatedDelay || !Array.TrueForAll(walks, w => w.IsCompleted))
        {
            return [];
        }

        if (hasMissedName && ++rounds < RoundsMax)
        {
            BeginRound();
            return [];
        }

        var concluded = missing;
        Forget();
        return concluded;
    }

    /// <summary>A scan finds by itself what is missing.</summary>
    public void Forget() => missing = [];

    private void BeginRound() => (noticesUpTo, noticesReadAt, walks, hasMissedName) = (null, null, [], false);
}

/// <param name="Path">Where nothing is, or another file.</param>
/// <param name="Known">The file that is known to be there; null in a storage of copies, where the path is all.</param>
internal readonly record struct Missing(string Path, FileState? Known);
