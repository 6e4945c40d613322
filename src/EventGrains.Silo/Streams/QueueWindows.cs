using EventGrains.Contracts.Transitions;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;
using Orleans.Streams;

namespace EventGrains.Silo.Streams;

/// <summary>The streams of one queue that somebody is to be given something on, each with its window.</summary>
/// <remarks>
/// The bound is <see cref="SiloSettings.StreamEventsHeldMax"/>: at it the queue is not read on until consumers have passed some, or what they
/// fail on is parked. One slow stream holds <see cref="StreamWindow.HeldMax"/> of them.
/// </remarks>
internal sealed partial class QueueWindows(StreamHistory history, SiloSettings settings, TimeProvider time, ILogger log) : IQueueCache
{
    /// <summary>Streams with consumers that are given what is older than the queue's position; those of further ones wait until others have caught up.</summary>
    private const int BehindMax = 1_000;

    private static readonly TimeSpan TellEvery = TimeSpan.FromSeconds(2);

    /// <summary>A stream that rests, and whose consumers are known, is kept known to the agent: whoever joins them is heard of only so.</summary>
    private static readonly TimeSpan KeepKnownEvery = EventLogStreamsParts.QuietAfter / 3;

    private static readonly TimeSpan ReadAgainAfter = TimeSpan.FromSeconds(1);

    private readonly Dictionary<StreamId, StreamWindow> _windows = [];
    private readonly HashSet<StreamWindow> _toLookAt = [];
    private readonly List<long> _passedAgain = [];
    private int _held;
    private long _askedAgain;
    private bool _isToNote;
    private volatile bool _isEnded;

    public Lock Door { get; } = new();

    /// <summary>How many more events it takes now.</summary>
    public int Room
    {
        get
        {
            lock (Door)
            {
                return Math.Max(0, settings.StreamEventsHeldMax - _held);
            }
        }
    }

    /// <summary>Never none: notices wake the consumers that make room.</summary>
    public int GetMaxAddCount() => Math.Max(1, Room);

    public bool IsUnderPressure() => false;

    public bool TryPurgeFromCache(out IList<IBatchContainer> purgedItems)
    {
        purgedItems = [];
        return false;
    }

    public void AddToCache(IList<IBatchContainer> messages)
    {
        lock (Door)
        {
            foreach (var batch in messages.Cast<TransitionBatch>())
            {
                if (batch.Logged is not null)
                {
                    var window = WindowOf(batch.StreamId);
                    Change(window, w => w.Add(batch));
                    (window.TellAt, window.KeepAt) = (time.GetUtcNow() + TellEvery, time.GetUtcNow() + KeepKnownEvery);
                }
            }
        }
    }

    public IQueueCacheCursor GetCacheCursor(StreamId streamId, StreamSequenceToken? token)
    {
        lock (Door)
        {
            var window = WindowOf(streamId);
            var place = token is null ? Place.None : Place.Of(token);
            if (place == Place.None)
            {
                // Nothing of what the stream was given and nobody has passed may be skipped: a notice can come with it.
                place = window.IsOpen ? window.FirstOpen : Place.None;
            }

            return place == Place.None
                ? Open(window, window.Last?.After ?? default, isBehind: false)
                : Open(window, place, isBehind: !window.Covers(place));
        }
    }

    public QueueCacheCursorResult<IQueueCacheCursor> TryGetCacheCursorAtPosition(StreamId streamId, StreamSubscriptionStartPosition startPosition)
    {
        lock (Door)
        {
            return QueueCacheCursorResult<IQueueCacheCursor>.FromCursor(startPosition == StreamSubscriptionStartPosition.EarliestAvailable
                ? Open(WindowOf(streamId), default, isBehind: true)
                : (WindowCursor)GetCacheCursor(streamId, null));
        }
    }

    public void AddAgain(TransitionBatch batch, long number)
    {
        lock (Door)
        {
            var window = WindowOf(batch.StreamId);
            if (!_passedAgain.Contains(number) && !window.Again.Exists(a => a.Number == number))
            {
                window.Again.Add(new AgainDelivery(batch, ++_askedAgain, number));
                _toLookAt.Add(window);
            }
        }
    }

    /// <summary>The numbers of deliveries that were made again.</summary>
    public List<long> PassedAgainNumbers()
    {
        lock (Door)
        {
            return [.. _passedAgain];
        }
    }

    /// <summary>It is known everywhere that they were made again.</summary>
    public void Forget(IReadOnlyCollection<long> passedAgain)
    {
        lock (Door)
        {
            _passedAgain.RemoveAll(passedAgain.Contains);
        }
    }

    /// <summary>An event could neither be delivered nor parked: it is to be given again.</summary>
    public void Owe(StreamId stream, Place place)
    {
        lock (Door)
        {
            var window = WindowOf(stream);
            window.Owed = window.Owed is { } owed && owed < place ? owed : place;
        }
    }

    /// <summary>Whether a consumer of the stream was found since then, and the store remembers where those stand that are behind.</summary>
    public bool WasFound(StreamId stream, DateTimeOffset since)
    {
        lock (Door)
        {
            return _windows.GetValueOrDefault(stream) is { IsUnsure: false } window && window.FoundAt >= since && window.Cursors.TrueForAll(c => c.IsSafe);
        }
    }

    /// <summary>A consumer did not say where it stands, and is given what comes from now on: it is to be asked again when the agent looks the stream up anew.</summary>
    public void NotFound(StreamId stream)
    {
        lock (Door)
        {
            WindowOf(stream).IsUnsure = true;
        }
    }

    /// <summary>A consumer is given to for the first time; the caller has the lock.</summary>
    public void Found(StreamWindow window) => (window.FoundAt, window.ToldInVain) = (time.GetUtcNow(), 0);

    /// <summary>Streams that the agent is to look at now: pages came, nobody took them up, or deliveries are to be made again.</summary>
    /// <param name="isListenedTo">Whether a stream has consumers at all; the windows of others are let go.</param>
    /// <param name="isToBeKept">Whether it has subscribers of its own, and none that the agent may not know of.</param>
    public void TakeNotices(List<IBatchContainer> notices, bool all, Func<StreamId, bool> isListenedTo, Func<StreamId, bool> isToBeKept)
    {
        lock (Door)
        {
            foreach (var window in _toLookAt)
            {
                notices.Add(TransitionBatch.Notice(window.Stream, window.Cursors.Count > 0 ? Place.None : window.FirstOpen));
            }

            _toLookAt.Clear();
            if (all)
            {
                LookAtAll(notices, isListenedTo, isToBeKept);
            }
        }
    }

    /// <summary>To be given before an event of a stream which owes an earlier one: whoever is looked up for the event begins with what is owed, and is given nothing out of its order.</summary>
    public void TakeNoticeOfOwed(StreamId stream, List<IBatchContainer> notices)
    {
        lock (Door)
        {
            if (_windows.GetValueOrDefault(stream)?.Owed is { } owed)
            {
                notices.Add(TransitionBatch.Notice(stream, owed));
            }
        }
    }

    /// <summary>A consumer waits until the store remembers where it stands; the caller has the lock.</summary>
    public void Note() => _isToNote = true;

    /// <summary>Streams with consumers that are behind the queue, each with the place from where on they may not have had it; at most <see cref="BehindMax"/>, and those that are noted first.</summary>
    /// <returns>Null when <paramref name="ifAwaited"/>, and nobody waits for it to be noted.</returns>
    public List<BehindStream>? Behind(bool ifAwaited)
    {
        lock (Door)
        {
            if (ifAwaited && !_isToNote)
            {
                return null;
            }

            return [.. _windows.Values.Where(w => w.Behind is not null).OrderBy(w => w.Noted is null).Take(BehindMax).Select(w => new BehindStream(w.Stream, w.Behind!.Value))];
        }
    }

    /// <summary>The store remembers them, and no others.</summary>
    public void Noted(IReadOnlyList<BehindStream> streams)
    {
        lock (Door)
        {
            var places = streams.ToDictionary(s => s.Stream, s => s.From);
            foreach (var window in _windows.Values)
            {
                Place? noted = places.TryGetValue(window.Stream, out var place) ? place : null;
                if (noted is not null && noted != window.Noted)
                {
                    _toLookAt.Add(window);
                }

                window.Noted = noted;
            }

            _isToNote = _windows.Values.Any(w => w.Behind is { } behind && !w.IsNoted(behind));
        }
    }

    /// <summary>What the store remembered of consumers whose queue was another silo's: they are looked up, and given the rest.</summary>
    public void Recall(IEnumerable<BehindStream> streams)
    {
        foreach (var (stream, from) in streams)
        {
            Owe(stream, from);
            lock (Door)
            {
                WindowOf(stream).Noted = from;
            }
        }
    }

    /// <summary>Up to where in the public order all streams have passed what they were given, of what was given up to <paramref name="given"/>.</summary>
    public Cursor PassedAll(Cursor given)
    {
        lock (Door)
        {
            return _windows.Values.Where(w => w.HoldsPosition).Select(w => w.PassedAll).Append(given).Min();
        }
    }

    /// <summary>The agent is gone: nothing is read for its consumers any more.</summary>
    public void End() => _isEnded = true;

    /// <summary>Reads a page for a cursor, beside the agent; the caller has the lock.</summary>
    public void Read(WindowCursor cursor, StreamWindow window, Place from) => _ = Task.Run(async () =>
    {
        while (!cursor.IsDisposed && !_isEnded)
        {
            try
            {
                var page = await history.Read(window.Stream, from);
                lock (Door)
                {
                    cursor.Came(page);
                    _toLookAt.Add(window);
                }

                return;
            }
            catch (Exception failure)
            {
                LogUnread(failure, window.Stream);
            }

            await Task.Delay(ReadAgainAfter, time);
        }
    });

    /// <summary>The caller has the lock.</summary>
    public void Trim(StreamWindow window) => Change(window, w => w.Trim());

    /// <summary>The agent is to ask for the stream's next once more; the caller has the lock.</summary>
    public void LookAt(StreamWindow window) => _toLookAt.Add(window);

    /// <summary>A cursor passed a delivery made again; the caller has the lock.</summary>
    public void PassedAgain(StreamWindow window)
    {
        var low = window.Cursors.Min(c => c.PassedAgain);
        _passedAgain.AddRange(window.Again.Where(a => a.Order <= low).Select(a => a.Number));
        window.Again.RemoveAll(a => a.Order <= low);
    }

    private void LookAtAll(List<IBatchContainer> notices, Func<StreamId, bool> isListenedTo, Func<StreamId, bool> isToBeKept)
    {
        var now = time.GetUtcNow();
        List<StreamWindow>? unneeded = null;
        foreach (var window in _windows.Values)
        {
            if (window.Cursors.Count == 0 && (!window.IsOpen || !isListenedTo(window.Stream)))
            {
                (unneeded ??= []).Add(window);
            }
            else if (window.TellAt <= now && (window.Owed is not null || window.Cursors.Count == 0 || window.Cursors.Exists(c => c.IsReading)))
            {
                notices.Add(TransitionBatch.Notice(window.Stream, window.FirstOpen));
                window.TellAt = now + (window.Cursors.Count > 0 ? TellEvery : TellAgainAfter(window.ToldInVain++));
                if (window.Cursors.Count > 0)
                {
                    Settle(window);
                }
            }
            else if (window.KeepAt <= now && window.Cursors.Count > 0 && isToBeKept(window.Stream))
            {
                notices.Add(TransitionBatch.Notice(window.Stream, Place.None));
                window.KeepAt = now + KeepKnownEvery;
            }
        }

        foreach (var window in unneeded ?? [])
        {
            _held -= window.Held;
            _windows.Remove(window.Stream);
            _passedAgain.AddRange(window.Again.Select(a => a.Number));
        }
    }

    /// <summary>An agent that knows the stream and nobody in it asks only when it has forgotten it: in the end it is left alone for so long.</summary>
    private static TimeSpan TellAgainAfter(int toldInVain) =>
        toldInVain < 5 ? TellEvery * (1 << toldInVain) : LookUps.AgainAfter;

    /// <summary>What a consumer that went is owed is nobody's, once there are others; what was kept for consumers that were being found is theirs.</summary>
    private void Settle(StreamWindow window)
    {
        if (window.Owed is { } owed && window.IsOwedToAll)
        {
            window.Cursors.ForEach(cursor => cursor.GoBack(owed));
        }

        window.Owed = null;
        Trim(window);
    }

    private WindowCursor Open(StreamWindow window, Place next, bool isBehind)
    {
        var cursor = new WindowCursor(this, window, next, isBehind);
        if (window.Cursors.Find(c => c.Gives(next)) is { } other)
        {
            cursor.BeginWith(other);
        }

        window.Cursors.Add(cursor);
        if (window.Owed is { } owed && next <= owed)
        {
            window.Owed = null;
        }

        return cursor;
    }

    private StreamWindow WindowOf(StreamId stream)
    {
        if (!_windows.TryGetValue(stream, out var window))
        {
            _windows.Add(stream, window = new StreamWindow(stream) { KeepAt = time.GetUtcNow() + KeepKnownEvery });
        }

        return window;
    }

    private void Change(StreamWindow window, Action<StreamWindow> change)
    {
        var before = window.Held;
        change(window);
        _held += window.Held - before;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "What the stream {Stream} carried could not be read; it is read again.")]
    private partial void LogUnread(Exception failure, StreamId stream);
}
