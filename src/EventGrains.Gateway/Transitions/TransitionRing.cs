using EventGrains.Contracts.Transitions;

namespace EventGrains.Gateway.Transitions;

/// <summary>A transition that the gateway keeps for its clients; written as a frame at most once, when the first client asks.</summary>
internal sealed class RecentTransition(LoggedTransition logged)
{
    // Two clients may both find it unwritten: both write the same bytes, and one of the two is dropped.
    private byte[]? frame;

    public LoggedTransition Logged => logged;

    public byte[] Frame => frame ??= SseFrame.Of(logged);
}

/// <summary>The newest transitions, in their order, without a hole: all after <see cref="From"/> up to <see cref="Head"/>.</summary>
/// <remarks>
/// Clients hold a cursor and nothing else, so a slow one costs no memory and holds nobody up: what it missed has left the ring by
/// the time it looks again, and it reads the log itself until it meets the ring.
/// </remarks>
internal sealed class TransitionRing(int max)
{
    private readonly RecentTransition?[] items = new RecentTransition?[max];
    private readonly Lock door = new();
    private long first;
    private long next;
    private Cursor from;
    private Cursor head;
    private bool begun;

    public Cursor Head
    {
        get
        {
            lock (door)
            {
                return head;
            }
        }
    }

    /// <summary>Forgets all, and begins at a place in the log.</summary>
    public void Restart(Cursor at)
    {
        lock (door)
        {
            Array.Clear(items);
            first = next = 0;
            from = head = at;
            begun = true;
        }
    }

    /// <summary>Adds what follows the head; at the bound the oldest leave.</summary>
    public void Append(IReadOnlyList<LoggedTransition> page, Cursor end)
    {
        lock (door)
        {
            foreach (var logged in page)
            {
                if (next - first == items.Length)
                {
                    from = items[first % items.Length]!.Logged.Cursor;
                    first++;
                }

                items[next++ % items.Length] = new RecentTransition(logged);
            }

            head = end;
        }
    }

    /// <summary>Reads on after a cursor; false when the ring does not reach back to it, and the log must be asked.</summary>
    /// <param name="end">Where to read on.</param>
    public bool TryRead(Cursor after, Span<RecentTransition> into, out int count, out Cursor end)
    {
        lock (door)
        {
            count = 0;
            end = after;
            if (!begun || after.History != head.History || after.CompareTo(from) < 0 || after.CompareTo(head) > 0)
            {
                return false;
            }

            for (var i = FirstAfter(after); i < next && count < into.Length; i++)
            {
                into[count++] = items[i % items.Length]!;
            }

            // The end of what the ring holds may lie beyond its last transition: commits without any are passed, too.
            end = count == into.Length ? into[count - 1].Logged.Cursor : Max(after, head);
            return true;
        }
    }

    private long FirstAfter(Cursor after)
    {
        var (low, high) = (first, next);
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            if (items[middle % items.Length]!.Logged.Cursor.CompareTo(after) > 0)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return low;
    }

    private static Cursor Max(Cursor a, Cursor b) => a.CompareTo(b) >= 0 ? a : b;
}
