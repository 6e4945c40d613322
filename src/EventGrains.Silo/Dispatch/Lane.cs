using EventGrains.Silo.Store;

namespace EventGrains.Silo.Dispatch;

/// <summary>The steps of one rule with one action and target, in the order in which they are due.</summary>
internal sealed class Lane(string rule, string action, string? target)
{
    private readonly PriorityQueue<Held, DateTime> _due = new();

    public string Rule { get; } = rule;

    public string Action { get; } = action;

    public string? Target { get; } = target;

    public int Running { get; set; }

    /// <summary>The rule is at its bound per hour: nothing new starts before this time.</summary>
    public DateTime HeldUntil { get; set; }

    /// <summary>First attempts that the rule's budget allows and that were not used yet.</summary>
    public int Leased { get; set; }

    public void Add(Held held) => _due.Enqueue(held, held.DueAt);

    /// <summary>The next step that is due; entries that were moved or taken away since are passed over.</summary>
    public Held? Peek(DateTime now)
    {
        while (_due.TryPeek(out var held, out var dueAt))
        {
            if (held.IsGone || held.DueAt != dueAt || (held.IsStarted && !held.Intent.Running))
            {
                _due.Dequeue();
                continue;
            }

            return dueAt <= now ? held : null;
        }

        return null;
    }

    public void Take() => _due.Dequeue();

    public DateTime? NextDue => _due.TryPeek(out _, out var dueAt) ? dueAt : null;
}

/// <summary>An intent in memory, and what the dispatcher did about it.</summary>
internal sealed class Held(Intent intent, Lane lane)
{
    public Intent Intent { get; set; } = intent;

    public Lane Lane { get; } = lane;

    public DateTime DueAt { get; set; } = intent.DueAt;

    /// <summary>It was given to its file's grain, or runs since before we held it: it counts against the bounds.</summary>
    public bool IsStarted { get; set; }

    public bool IsGone { get; set; }
}
