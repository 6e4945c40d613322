namespace EventGrains.Silo.Sources.Directories;

/// <summary>Paths to look at, each once, not before its time and in the order in which they are due; those that vanished apart from all others. Pure but for the time it is given.</summary>
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

    /// <summary>What was just made is mostly written and closed, or renamed, within this: one look then serves for all.</summary>
    public static readonly TimeSpan CreatedDelay = TimeSpan.FromMilliseconds(50);

    private readonly DueLooks present = new();
    private readonly DueLooks vanished = new();

    /// <summary>Something was not taken: only a scan finds it.</summary>
    public bool HasOverflowed { get; private set; }

    public int Count => present.Count + vanished.Count;

    /// <summary>When the first of what did not vanish is due.</summary>
    public DateTime? NextDue => present.NextDue;

    /// <summary>The newest notice of a path says how its content came there; that something about it changed says nothing on that.</summary>
    public void Add(string path, DateTime dueAt, Arrival? arrival)
    {
        var waiting = present.Find(path);
        Add(present, new Look(path, dueAt, 0, arrival ?? waiting?.Arrival ?? Arrival.Unknown, arrival is Arrival.Created or Arrival.Moved));
    }

    /// <summary>Looked at in vain, and again later; what was noticed of it meanwhile is newer.</summary>
    public void AddAgain(Look look) => Add(present, look with { Arrival = present.Find(look.Path)?.Arrival ?? look.Arrival });

    /// <summary>What was here may be gone: to be concluded when everything else was looked at.</summary>
    public void AddVanished(string path, DateTime now) => Add(vanished, new Look(path, now + VanishedDelay, 0, Arrival.Unknown));

    public void ForgetOverflow() => HasOverflowed = false;

    /// <summary>What did not vanish and is due, at most so many.</summary>
    public List<Look> TakeDue(DateTime now, int max) => present.Take(now, max);

    public List<Look> TakeVanished(DateTime now, int max) => vanished.Take(now, max);

    /// <summary>Forgets what vanished: a scan that is due, or must come because something was not taken, finds that by itself.</summary>
    public void LeaveVanishedToScan() => vanished.Clear();

    private void Add(DueLooks looks, Look look)
    {
        if (looks.Find(look.Path) is { } waiting)
        {
            looks.Set(look with
            {
                DueAt = look.DueAt < waiting.DueAt ? look.DueAt : waiting.DueAt,
                Attempt = Math.Min(waiting.Attempt, look.Attempt),
                HasCome = look.HasCome || waiting.HasCome,
            });
        }
        else if (Count < pathsMax)
        {
            looks.Set(look);
        }
        else
        {
            HasOverflowed = true;
        }
    }

    /// <summary>Looks by path and by when they are due.</summary>
    private sealed class DueLooks
    {
        private readonly Dictionary<string, Look> looks = new(StringComparer.Ordinal);

        // An entry whose look is due at another time by now, or is gone, is passed over.
        private readonly PriorityQueue<string, DateTime> due = new();

        public int Count => looks.Count;

        public DateTime? NextDue
        {
            get
            {
                while (due.TryPeek(out var path, out var dueAt))
                {
                    if (looks.TryGetValue(path, out var look) && look.DueAt == dueAt)
                    {
                        return dueAt;
                    }

                    due.Dequeue();
                }

                return null;
            }
        }

        public Look? Find(string path) => looks.TryGetValue(path, out var look) ? look : null;

        public void Set(Look look)
        {
            if (!looks.TryGetValue(look.Path, out var waiting) || waiting.DueAt != look.DueAt)
            {
                due.Enqueue(look.Path, look.DueAt);
            }

            looks[look.Path] = look;
        }

        public List<Look> Take(DateTime now, int max)
        {
            var taken = new List<Look>();
            while (taken.Count < max && NextDue <= now)
            {
                looks.Remove(due.Dequeue(), out var look);
                taken.Add(look);
            }

            return taken;
        }

        public void Clear()
        {
            looks.Clear();
            due.Clear();
        }
    }
}

/// <summary>How the content of a path came there, as far as a notice said.</summary>
internal enum Arrival : byte
{
    /// <summary>Found there: who knows whether it is whole.</summary>
    Unknown,

    /// <summary>Made just now: whole if it was linked into place, and otherwise its writer's close will be noticed.</summary>
    Created,

    /// <summary>Renamed into place: whole, unless it is a file that we knew before.</summary>
    Moved,

    /// <summary>A writer closed it.</summary>
    Closed,
}

/// <param name="Attempt">How often it was looked at in vain: a writer had it open, or it could not be read.</param>
/// <param name="HasCome">The name was seen to come there: if it is not there any more, some file had it that may have yet another.</param>
internal readonly record struct Look(string Path, DateTime DueAt, int Attempt, Arrival Arrival, bool HasCome = false)
{
    /// <summary>After so many the next notice or scan looks again.</summary>
    public const int AttemptsMax = 8;

    /// <summary>The kernel tells of a close before the writer is off its books: the first look again comes soon.</summary>
    public Look AgainSoon(DateTime now) => this with { Attempt = Attempt + 1, DueAt = now + TimeSpan.FromMilliseconds(20 << Math.Min(Attempt + 1, 10)) };
}
