namespace EventGrains.Silo.Sources.Directories;

/// <summary>Paths to look at, each once, not before its time; those that vanished after all others. Pure but for the time it is given.</summary>
/// <remarks>
/// A path may wait for both: what is there now, and what became of the file that was there.
/// A notice only says where to look: what is there decides. So many notices of one path are one look. At <c>PathsMax</c> nothing
/// more is taken and a scan is asked for, which looks everywhere.
/// </remarks>
internal sealed class LookQueue(int pathsMax = LookQueue.PathsMax)
{
    public const int PathsMax = 100_000;

    /// <summary>A name that vanished may be one side of a rename: its other side is looked at first.</summary>
    public static readonly TimeSpan VanishedDelay = TimeSpan.FromMilliseconds(300);

    private readonly Dictionary<(string Path, bool IsVanished), Look> looks = [];

    /// <summary>Something was not taken: only a scan finds it.</summary>
    public bool HasOverflowed { get; private set; }

    public int Count => looks.Count;

    public void Add(string path, DateTime dueAt, int attempt = 0) => Add(new Look(path, dueAt, attempt, false));

    /// <summary>What was here may be gone: to be concluded when everything else was looked at.</summary>
    public void AddVanished(string path, DateTime now) => Add(new Look(path, now + VanishedDelay, 0, true));

    private void Add(Look look)
    {
        var key = (look.Path, look.IsVanished);
        if (looks.TryGetValue(key, out var waiting))
        {
            looks[key] = look with { DueAt = look.DueAt < waiting.DueAt ? look.DueAt : waiting.DueAt, Attempt = Math.Min(waiting.Attempt, look.Attempt) };
        }
        else if (looks.Count < pathsMax)
        {
            looks[key] = look;
        }
        else
        {
            HasOverflowed = true;
        }
    }

    public void ForgetOverflow() => HasOverflowed = false;

    /// <summary>What is due, at most so many.</summary>
    /// <param name="vanished">Those that may be gone, or the others.</param>
    public List<Look> TakeDue(DateTime now, int max, bool vanished)
    {
        var due = looks.Values.Where(l => l.DueAt <= now && l.IsVanished == vanished).Take(max).ToList();
        due.ForEach(l => looks.Remove((l.Path, l.IsVanished)));
        return due;
    }

    /// <summary>Forgets what vanished if a scan is due, or must come because something was not taken: the scan finds that by itself.</summary>
    public void LeaveVanishedToScan(bool isScanDue)
    {
        if (!isScanDue && !HasOverflowed)
        {
            return;
        }

        foreach (var key in looks.Keys.Where(k => k.IsVanished).ToList())
        {
            looks.Remove(key);
        }
    }

    /// <summary>Whether anything but what vanished waits to be looked at.</summary>
    public bool HasDue(DateTime now) => looks.Values.Any(l => !l.IsVanished && l.DueAt <= now);
}

/// <param name="Attempt">How often it was looked at in vain: a writer had it open, or it could not be read.</param>
internal readonly record struct Look(string Path, DateTime DueAt, int Attempt, bool IsVanished)
{
    /// <summary>After so many the next notice or scan looks again.</summary>
    public const int AttemptsMax = 8;

    /// <summary>The kernel tells of a close before the writer is off its books: the first look again comes soon.</summary>
    public TimeSpan Pause => TimeSpan.FromMilliseconds(20 << Math.Min(Attempt, 10));
}
