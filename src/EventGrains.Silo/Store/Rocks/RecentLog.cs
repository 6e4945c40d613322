using EventGrains.Contracts.Transitions;
using EventGrains.Files;

namespace EventGrains.Silo.Store.Rocks;

/// <summary>The newest transitions as they were written, so that whoever follows the log closely costs no read of it.</summary>
/// <remarks>Holds all after <c>begin</c> up to the end, without a hole; at the bound whole commits leave, the oldest first, and are read from the table.</remarks>
internal sealed class RecentLog(Cursor end, int max)
{
    private readonly Lock door = new();
    private Commit[] ring = new Commit[64];
    private int first;
    private int count;
    private Cursor begin = end;
    private Cursor latest = end;
    private int held;

    /// <summary>A commit that is durable. Not touched by the caller after.</summary>
    public void Append(long index, Transition[] transitions, SequenceRun[] runs)
    {
        if (transitions.Length == 0)
        {
            return;
        }

        lock (door)
        {
            Add(new Commit(index, transitions, runs));
            latest = latest with { Index = index, Ordinal = transitions.Length - 1 };
            held += transitions.Length;
            while (held > max)
            {
                DropOldest();
            }
        }
    }

    /// <summary>The log begins after <paramref name="cursor"/> now: what is older is not given any more.</summary>
    public void Prune(Cursor cursor)
    {
        lock (door)
        {
            while (count > 0 && new Cursor(cursor.History, At(0).Index, -1).CompareTo(cursor) < 0)
            {
                DropOldest();
            }

            begin = begin.CompareTo(cursor) < 0 ? cursor : begin;
        }
    }

    /// <summary>A page after a cursor; null when the table must be asked.</summary>
    public TransitionPage? Read(Cursor after, int limit)
    {
        lock (door)
        {
            if (after.History != latest.History || after.CompareTo(begin) < 0 || after.CompareTo(latest) > 0)
            {
                return null;
            }

            var items = new List<LoggedTransition>();
            for (var i = FirstNotBefore(after.Index); i < count && items.Count < limit; i++)
            {
                var (index, transitions, runs) = At(i);
                var run = 0;
                for (var ordinal = index == after.Index ? after.Ordinal + 1 : 0; ordinal < transitions.Length && items.Count < limit; ordinal++)
                {
                    while (run + 1 < runs.Length && runs[run + 1].Ordinal <= ordinal)
                    {
                        run++;
                    }

                    var (first, shard, sequence) = runs[run];
                    items.Add(new LoggedTransition(after with { Index = index, Ordinal = ordinal }, transitions[ordinal], shard, sequence + ordinal - first));
                }
            }

            return new TransitionPage(items, items.Count > 0 ? items[^1].Cursor : after);
        }
    }

    private ref Commit At(int place) => ref ring[(first + place) & (ring.Length - 1)];

    private void Add(Commit commit)
    {
        if (count == ring.Length)
        {
            var larger = new Commit[2 * count];
            for (var i = 0; i < count; i++)
            {
                larger[i] = At(i);
            }

            (ring, first) = (larger, 0);
        }

        At(count++) = commit;
    }

    private void DropOldest()
    {
        var (index, transitions, _) = At(0);
        begin = begin with { Index = index, Ordinal = transitions.Length - 1 };
        held -= transitions.Length;
        At(0) = default;
        first = (first + 1) & (ring.Length - 1);
        count--;
    }

    private int FirstNotBefore(long index)
    {
        var (low, high) = (0, count);
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            (low, high) = At(middle).Index < index ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    private readonly record struct Commit(long Index, Transition[] Transitions, SequenceRun[] Runs);
}

/// <summary>Transitions of one shard in a row: from which ordinal of their commit on, and the first's sequence.</summary>
internal readonly record struct SequenceRun(int Ordinal, int Shard, long First);
