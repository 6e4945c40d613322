using EventGrains.Contracts.Transitions;

namespace EventGrains.Silo.Store.Postgres;

/// <summary>The newest transitions of all silos: read from the database once, for all in this silo who follow the log closely.</summary>
/// <remarks>
/// Holds all after <c>begin</c> up to <c>end</c>, without a hole; at the bound the oldest leave. Reads only while somebody has asked for
/// what is new within <see cref="ForgetAfter"/>. Who asks at its end waits until it has looked in the database after he asked: one look for all who wait.
/// What the retention drops meanwhile is still given from here until it leaves.
/// </remarks>
/// <param name="max">Transitions held; 0 for none.</param>
/// <param name="ends">Where the log ends: there it begins.</param>
/// <param name="read">A page of the log after a cursor.</param>
internal sealed class FollowedLog(
    int max, Func<CancellationToken, Task<LogEnds>> ends, Func<Cursor, int, CancellationToken, Task<TransitionPage>> read, TimeProvider time) : IDisposable
{
    private const int PageMax = 4_000;

    private static readonly TimeSpan ForgetAfter = TimeSpan.FromSeconds(10);

    private readonly Lock door = new();
    private readonly SemaphoreSlim turn = new(1);
    private LoggedTransition[] ring = [];
    private long first;
    private long next;
    private Cursor begin;
    private Cursor end;
    private long? askedAt;

    // Looks that were asked for, and how many of them the last one that began serves.
    private long looks;
    private long looked;

    /// <summary>A page after a cursor; null when the database must be asked.</summary>
    public async Task<TransitionPage?> Read(Cursor after, int limit, CancellationToken ct)
    {
        if (Held(after, limit) is not { } page)
        {
            return null;
        }

        if (page.Items.Count > 0)
        {
            return page;
        }

        await Advance(ct);
        return Held(after, limit);
    }

    private TransitionPage? Held(Cursor after, int limit)
    {
        lock (door)
        {
            askedAt = time.GetTimestamp();
            if (after.History != end.History || after.CompareTo(begin) < 0 || after.CompareTo(end) > 0)
            {
                return null;
            }

            var from = FirstAfter(after);
            var items = new List<LoggedTransition>((int)Math.Min(limit, next - from));
            for (var i = from; i < next && items.Count < limit; i++)
            {
                items.Add(At(i));
            }

            return new TransitionPage(items, items.Count == limit ? items[^1].Cursor : end);
        }
    }

    /// <summary>Reads what was committed before the call and is not held yet.</summary>
    public async Task Advance(CancellationToken ct)
    {
        var mine = Interlocked.Increment(ref looks);
        await turn.WaitAsync(ct);
        try
        {
            if (looked < mine)
            {
                var serves = Volatile.Read(ref looks);
                await Look(ct);
                looked = serves;
            }
        }
        finally
        {
            turn.Release();
        }
    }

    public void Dispose() => turn.Dispose();

    private async Task Look(CancellationToken ct)
    {
        try
        {
            await ReadOn(ct);
        }
        catch (Exception) when (!ct.IsCancellationRequested)
        {
            // Whoever asks meets the same, and says so.
            Forget();
        }
    }

    private async Task ReadOn(CancellationToken ct)
    {
        if (!IsWanted())
        {
            Forget();
            return;
        }

        if (end == default)
        {
            var latest = (await ends(ct)).Latest;
            lock (door)
            {
                begin = end = latest;
            }
        }

        for (var isMore = true; isMore;)
        {
            var page = await read(end, PageMax, ct);
            Add(page);
            isMore = page.Gap is null && page.Items.Count == PageMax;
        }
    }

    private bool IsWanted()
    {
        lock (door)
        {
            return max > 0 && askedAt is { } asked && time.GetElapsedTime(asked) <= ForgetAfter;
        }
    }

    private void Forget()
    {
        lock (door)
        {
            (ring, first, next, begin, end) = ([], 0, 0, default, default);
        }
    }

    private void Add(TransitionPage page)
    {
        lock (door)
        {
            if (page.Gap is not null)
            {
                Forget();
                return;
            }

            ring = ring.Length == 0 ? new LoggedTransition[max] : ring;
            foreach (var logged in page.Items)
            {
                if (next - first == max)
                {
                    begin = At(first++).Cursor;
                }

                At(next++) = logged;
            }

            end = page.Next;
        }
    }

    private ref LoggedTransition At(long place) => ref ring[place % ring.Length];

    private long FirstAfter(Cursor cursor)
    {
        var (low, high) = (first, next);
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            (low, high) = At(middle).Cursor.CompareTo(cursor) > 0 ? (low, middle) : (middle + 1, high);
        }

        return low;
    }
}
