using EventGrains.Contracts.Transitions;
using EventGrains.Files;

namespace EventGrains.Tests.Gateway;

/// <summary>A log of transitions in memory, as the log grain answers it: one transition a commit, and a retention that the test moves.</summary>
public sealed class FakeLog : ITransitionLogGrain
{
    private readonly Lock door = new();
    private readonly List<LoggedTransition> kept = [];
    private TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long dropped;
    private int waiting;

    /// <summary>Reads that wait for news at this moment: each is somebody's tail.</summary>
    public int Waiting => Volatile.Read(ref waiting);

    public int WaitingMax { get; private set; }

    public Exception? Fails { get; set; }

    public int History { get; set; } = 1;

    public Cursor Add(string file, string? path = null, TransitionKind kind = TransitionKind.Stored, params string[] datasets)
    {
        lock (door)
        {
            var cursor = new Cursor(History, dropped + kept.Count + 1, 0);
            kept.Add(new LoggedTransition(cursor, TransitionOf(file, path, kind, datasets)));
            Interlocked.Exchange(ref changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
            return cursor;
        }
    }

    public void DropAllBut(int count)
    {
        lock (door)
        {
            dropped += kept.Count - count;
            kept.RemoveRange(0, kept.Count - count);
        }
    }

    public async Task<TransitionPage> Read(Cursor after, int max, TimeSpan wait)
    {
        var (page, news) = Look(after, max);
        if (page.Items.Count > 0 || page.Gap is not null || wait == TimeSpan.Zero)
        {
            return page;
        }

        WaitingMax = Math.Max(WaitingMax, Interlocked.Increment(ref waiting));
        await Task.WhenAny(news, Task.Delay(wait));
        Interlocked.Decrement(ref waiting);
        return Look(after, max).Page;
    }

    public Task<LogEnds> GetEnds()
    {
        lock (door)
        {
            return Task.FromResult(new LogEnds(Earliest, Latest));
        }
    }

    public static Transition TransitionOf(string file, string? path = null, TransitionKind kind = TransitionKind.Stored, params string[] datasets) => new()
    {
        Id = FileId.Parse(file),
        Path = path,
        Version = 1,
        Kind = kind,
        Changes = [kind],
        Status = FileStatus.Stored,
        Existence = Existence.Stored,
        Locality = Locality.Disk,
        Size = 42,
        At = new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc),
        Cause = new Cause("lab", null, null, "transfer"),
        Datasets = [.. datasets],
    };

    private Cursor Earliest => new(History, dropped, 0);

    private Cursor Latest => new(History, dropped + kept.Count, 0);

    private (TransitionPage Page, Task News) Look(Cursor after, int max)
    {
        lock (door)
        {
            if (Fails is { } failure)
            {
                throw failure;
            }

            LogGap? gap = null;
            if (after.History != History || after.CompareTo(Earliest) < 0)
            {
                gap = new LogGap(after, Earliest);
                after = Earliest;
            }

            var items = kept.Where(t => t.Cursor.CompareTo(after) > 0).Take(max).ToList();
            return (new TransitionPage(items, items.Count > 0 ? items[^1].Cursor : after, gap), changed.Task);
        }
    }
}
