using EventGrains.Contracts.Transitions;
using EventGrains.Silo.Commit;
using EventGrains.Silo.Store;
using Microsoft.Extensions.Logging;

namespace EventGrains.Silo.Streams;

/// <summary>Follows the log, once for all queues of this silo, and sorts its newest transitions by queue.</summary>
/// <remarks>
/// Holds <see cref="SiloSettings.StreamTailMax"/> transitions; a queue that is further behind reads the log itself. Runs while somebody
/// asks: with no consumers in the cluster nothing is read.
/// </remarks>
internal sealed partial class LogTail(IStore store, CommitFeed feed, SiloSettings settings, TimeProvider time, ILogger<LogTail> log) : IDisposable
{
    private const int PageMax = 1_000;

    private static readonly TimeSpan EndAfter = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);

    private readonly Lock _door = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly Dictionary<int, Queue<LoggedTransition>> _byQueue = [];
    private readonly Queue<int> _order = [];
    private Cursor _begin;
    private Cursor _end;
    private bool _isRunning;
    private long _askedAt;

    public readonly record struct Page(List<LoggedTransition> Items, Cursor Next);

    /// <summary>What a queue has after a cursor, at most so many; reads the log only for a queue that is behind. Never waits at the end.</summary>
    public async Task<Page> Read(int queue, Cursor after, int max, CancellationToken ct)
    {
        lock (_door)
        {
            _askedAt = time.GetTimestamp();
            if (!_isRunning)
            {
                Start(after);
            }

            if (after.History == _begin.History && after.CompareTo(_begin) >= 0)
            {
                return FromMemory(queue, after, max);
            }
        }

        var page = await store.ReadLog(after, PageMax, ct);
        if (page.Gap is { } gap)
        {
            LogGap(queue, gap.From, gap.To);
        }

        var items = page.Items.Where(i => IsOf(queue, i)).ToList();
        return items.Count > max ? new Page(items[..max], items[max - 1].Cursor) : new Page(items, page.Next);
    }

    public void Dispose()
    {
        _stopping.Cancel();
        _stopping.Dispose();
    }

    private static bool IsDatasets(LoggedTransition logged) => !logged.Transition.Datasets.IsDefaultOrEmpty;

    private bool IsOf(int queue, LoggedTransition logged) => queue == store.Shards ? IsDatasets(logged) : logged.Shard == queue;

    private Page FromMemory(int queue, Cursor after, int max)
    {
        var items = new List<LoggedTransition>();
        foreach (var logged in _byQueue.GetValueOrDefault(queue) ?? [])
        {
            if (logged.Cursor.CompareTo(after) > 0)
            {
                items.Add(logged);
                if (items.Count == max)
                {
                    return new Page(items, logged.Cursor);
                }
            }
        }

        return new Page(items, _end.CompareTo(after) > 0 ? _end : after);
    }

    private void Start(Cursor from)
    {
        _byQueue.Clear();
        _order.Clear();
        (_begin, _end, _isRunning) = (from, from, true);
        _ = Task.Run(Follow);
    }

    private async Task Follow()
    {
        var stopping = _stopping.Token;
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                var heard = feed.Index;
                var page = await store.ReadLog(_end, PageMax, stopping);
                if (!Take(page))
                {
                    return;
                }

                if (page.Items.Count == 0)
                {
                    await feed.WaitBeyond(heard, LookAgain, time);
                }
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure)
            {
                LogUnread(failure);
                await Task.Delay(LookAgain, time, CancellationToken.None);
            }
        }
    }

    /// <returns>False when nobody asks any more.</returns>
    private bool Take(TransitionPage page)
    {
        lock (_door)
        {
            if (time.GetElapsedTime(_askedAt) > EndAfter)
            {
                return _isRunning = false;
            }

            if (page.Gap is { } gap)
            {
                // Of another history, or dropped: what is held is older than all there is.
                _byQueue.Clear();
                _order.Clear();
                _begin = gap.To;
            }

            foreach (var logged in page.Items)
            {
                Hold(logged.Shard, logged);
                if (IsDatasets(logged))
                {
                    Hold(store.Shards, logged);
                }
            }

            _end = page.Next;
            while (_order.Count > settings.StreamTailMax)
            {
                _begin = _byQueue[_order.Dequeue()].Dequeue().Cursor;
            }

            return true;
        }
    }

    private void Hold(int queue, LoggedTransition logged)
    {
        if (!_byQueue.TryGetValue(queue, out var held))
        {
            _byQueue.Add(queue, held = []);
        }

        held.Enqueue(logged);
        _order.Enqueue(queue);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Queue {Queue} of the transitions' streams was further behind than the log keeps: nothing between {From} and {To} is delivered.")]
    private partial void LogGap(int queue, Cursor from, Cursor to);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The log of transitions could not be read for streams; it is read again.")]
    private partial void LogUnread(Exception failure);
}
