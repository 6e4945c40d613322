namespace EventGrains.Silo.Sources.Directories;

/// <summary>Says when it may be concluded that what vanished is gone: when all places where it may have been moved to were looked at. Pure but for what it is told.</summary>
/// <remarks>
/// Those are the notices that waited, the looks that were due, and the walks that were under way when it was found to have vanished. Later
/// ones are not waited for, so that a directory where something always happens is not one where nothing is ever deleted.
/// </remarks>
internal sealed class Conclusions
{
    private List<Look> vanished = [];
    private Task[] walks = [];
    private long noticesUpTo;
    private DateTime? noticesReadAt;

    public bool IsEmpty => vanished.Count == 0;

    /// <param name="noticed">How many notices had come by then.</param>
    public void Begin(List<Look> vanished, long noticed) => (this.vanished, noticesUpTo, noticesReadAt, walks) = (vanished, noticed, null, []);

    /// <summary>The paths whose turn it is; empty while it is not.</summary>
    /// <param name="noticesTaken">How many notices were turned into looks and walks.</param>
    /// <param name="nextDue">When the first look is due that was not done.</param>
    /// <param name="walking">The walks under way.</param>
    public IReadOnlyList<string> Take(long noticesTaken, DateTime? nextDue, IEnumerable<Task> walking, DateTime now)
    {
        if (IsEmpty || noticesTaken < noticesUpTo)
        {
            return [];
        }

        if (noticesReadAt is null)
        {
            (noticesReadAt, walks) = (now, [.. walking]);
        }

        if (nextDue <= noticesReadAt || !Array.TrueForAll(walks, w => w.IsCompleted))
        {
            return [];
        }

        string[] paths = [.. vanished.Select(l => l.Path)];
        Forget();
        return paths;
    }

    /// <summary>A scan finds by itself what is missing.</summary>
    public void Forget() => vanished = [];
}
