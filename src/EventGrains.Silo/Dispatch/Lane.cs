using EventGrains.Silo.Store;

namespace EventGrains.Silo.Dispatch;

/// <summary>The steps of one rule with one action and target.</summary>
/// <remarks>
/// Three queues, because different bounds hold them back, and what one bound holds back must not hide what another lets pass: an attempt
/// whose deadline passed counts against all bounds already; a step that was tried before, or is not its rule's first, needs no share of
/// the rule's files per hour; only the first attempt of a rule's first step does.
/// </remarks>
internal sealed class Lane(string rule, string action, string? target)
{
    public string Rule { get; } = rule;

    public string Action { get; } = action;

    public string? Target { get; } = target;

    public DueQueue Deadlines { get; } = new();

    public DueQueue Others { get; } = new();

    public DueQueue Firsts { get; } = new();

    public int Running { get; set; }

    /// <summary>How many intents of this lane are in memory.</summary>
    public int Count { get; set; }

    /// <summary>More of this lane are in the store than in memory.</summary>
    public bool IsIncomplete { get; set; }

    /// <summary>The rule is at its bound per hour: no first attempt starts before this time.</summary>
    public DateTime HeldUntil { get; set; }

    /// <summary>First attempts that the rule's budget allows and that were not used yet.</summary>
    public int Leased { get; set; }

    public void Add(Held held) => QueueOf(held.Intent).Add(held);

    /// <summary>Takes the next step that is due and that no bound holds back; null when there is none.</summary>
    /// <param name="hasRoom">Whether one more step may run.</param>
    public Held? Take(DateTime now, bool hasRoom)
    {
        if (Deadlines.Take(now) is { } expired)
        {
            return expired;
        }

        if (!hasRoom)
        {
            return null;
        }

        if (Others.Take(now) is { } other)
        {
            return other;
        }

        if (Leased == 0 || Firsts.Take(now) is not { } first)
        {
            return null;
        }

        Leased--;
        return first;
    }

    /// <summary>When this lane is to be looked at next; a first attempt that the rule's bound holds back is not looked at before the bound lets it go.</summary>
    public DateTime? NextLook
    {
        get
        {
            var first = Firsts.NextDue is { } due && Leased == 0 && due < HeldUntil ? HeldUntil : Firsts.NextDue;
            return new[] { Deadlines.NextDue, Others.NextDue, first }.Min();
        }
    }

    /// <summary>A rule's bound counts files: the first attempt of its first step.</summary>
    private static bool IsFirst(Intent intent) => intent is { Attempts: 0, Step.Index: 0 };

    private DueQueue QueueOf(Intent intent) => intent.Running ? Deadlines : IsFirst(intent) ? Firsts : Others;
}

/// <summary>Steps in the order in which they are due. A step is in one queue at most: what is added leaves the queue that it was in.</summary>
/// <remarks>What left stays as a dead entry, which is passed over, until dead ones outnumber the others: a held head would keep all behind it for ever.</remarks>
internal sealed class DueQueue
{
    private const int DeadMin = 16;

    private readonly PriorityQueue<(Held Held, int Entry), DateTime> _due = new();
    private int _alive;

    /// <summary>Entries in memory, dead ones included: at most twice those alive, and a few.</summary>
    public int Entries => _due.Count;

    public void Add(Held held)
    {
        held.LeaveQueue();
        held.Queue = this;
        _alive++;
        _due.Enqueue((held, held.Entry), held.DueAt);
    }

    public bool HasDue(DateTime now) => NextDue <= now;

    public Held? Take(DateTime now)
    {
        if (!HasDue(now))
        {
            return null;
        }

        var next = _due.Dequeue().Held;
        next.LeaveQueue();
        return next;
    }

    public DateTime? NextDue
    {
        get
        {
            while (_due.TryPeek(out var next, out var dueAt))
            {
                if (IsAlive(next))
                {
                    return dueAt;
                }

                _due.Dequeue();
            }

            return null;
        }
    }

    /// <summary>One entry died.</summary>
    public void Forget()
    {
        _alive--;
        if (_due.Count - _alive > Math.Max(_alive, DeadMin))
        {
            var alive = _due.UnorderedItems.Where(e => IsAlive(e.Element)).ToArray();
            _due.Clear();
            _due.EnqueueRange(alive);
        }
    }

    private static bool IsAlive((Held Held, int Entry) queued) => queued.Held.Entry == queued.Entry;
}

/// <summary>An intent in memory, and what the dispatcher did about it.</summary>
internal sealed class Held(Intent intent, Lane lane)
{
    public Intent Intent { get; set; } = intent;

    public Lane Lane { get; } = lane;

    public DateTime DueAt { get; set; } = intent.DueAt;

    /// <summary>Where it waits to be due; null when nowhere.</summary>
    public DueQueue? Queue { get; set; }

    /// <summary>Counts the queues that it left: an entry with an older count is dead.</summary>
    public int Entry { get; private set; }

    /// <summary>It was given to its file's grain, or runs since before we held it: it counts against the bounds.</summary>
    public bool IsStarted { get; set; }

    public bool IsGone { get; set; }

    public void LeaveQueue()
    {
        if (Queue is { } left)
        {
            (Queue, Entry) = (null, Entry + 1);
            left.Forget();
        }
    }
}
