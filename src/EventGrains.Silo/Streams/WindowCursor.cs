using EventGrains.Contracts.Transitions;
using Orleans.Streams;

namespace EventGrains.Silo.Streams;

/// <summary>Where one consumer of a stream stands: in the window, or behind it, where it reads the store.</summary>
/// <remarks>
/// Never waits: while a page is being read there is nothing to give, and the queue's agent is told when it came. What was given counts as
/// passed when the next is asked for: delivered then, or parked.
/// <para>
/// A consumer that has had an event says so by the event's token, and Orleans opens a cursor there and steps over what it gives first, once:
/// what comes later is delivered. So a cursor that has nothing yet makes the consumer say it once more, and the cursor that is opened then
/// must have the event at hand, or the two would go on for ever.
/// </para>
/// </remarks>
internal sealed class WindowCursor(QueueWindows queue, StreamWindow window, Place next, bool isBehind) : IQueueCacheCursor
{
    private readonly Queue<TransitionBatch> _page = [];
    private Place _next = next;
    private Cursor _passed;
    private TransitionBatch? _current;
    private long _currentAgain;
    private Place _readFrom = next;
    private bool _isBehind = isBehind;
    private Place? _lastWhenRead;
    private bool _wasAsked;
    private bool _isPageOld;
    private bool _readsPast = isBehind;
    private Place? _back;

    /// <summary>The least place not passed.</summary>
    public Place Next => _back ?? _next;

    /// <summary>The last event passed, in the public order.</summary>
    public Cursor Passed => _back is null ? _passed : default;

    /// <summary>The last delivery passed of those to be made again.</summary>
    public long PassedAgain { get; private set; }

    /// <summary>The place that the store must remember before more is given: what follows is older than what the window holds. Null when it is not.</summary>
    public Place? Behind => _back is { } back && !window.Covers(back) ? back : _readsPast ? Next : null;

    public bool IsReading { get; private set; }

    public bool IsDisposed { get; private set; }

    /// <summary>A silo that took the queue over would give its consumer all it was not given.</summary>
    public bool IsSafe => !_wasAsked || Behind is not { } behind || window.IsNoted(behind);

    private bool IsThrough => _current is null && !_isBehind && _page.Count == 0 && (window.Last is null || Next > window.Last);

    public IBatchContainer? GetCurrent(out Exception? exception)
    {
        exception = null;
        return _current;
    }

    public bool MoveNext()
    {
        lock (queue.Door)
        {
            var isFirst = !_wasAsked;
            _wasAsked = true;
            if (isFirst)
            {
                queue.Found(window);
            }

            Pass();
            return !IsDisposed && (isFirst ? TakeFirst() : TakeAgain() || Take());
        }
    }

    /// <summary>Nothing to do: an event of the stream is found when the next is asked for.</summary>
    public void Refresh(StreamSequenceToken token)
    {
    }

    /// <summary>The failed delivery was parked; the stream goes on.</summary>
    public void RecordDeliveryFailure()
    {
    }

    public void Dispose()
    {
        lock (queue.Door)
        {
            if (IsDisposed)
            {
                return;
            }

            var isBehind = Behind is not null;
            IsDisposed = true;
            window.Cursors.Remove(this);
            window.IsUnsure &= window.Cursors.Count > 0;

            // One that only held the place while consumers were found owes nothing once they are: each has said where it begins.
            var isFound = !_wasAsked && window.Cursors.Count > 0;
            if (!IsThrough && !isFound && (window.IsOpen || isBehind))
            {
                window.Owed = window.Owed is { } owed && owed < Next ? owed : Next;
                window.IsOwedToAll |= !_wasAsked;
            }

            queue.Trim(window);
        }
    }

    /// <summary>Begins again at an earlier place, after what is being delivered; the caller has the lock.</summary>
    public void GoBack(Place place)
    {
        if (place < Next)
        {
            _back = place;
        }
    }

    /// <summary>Whether it is giving a consumer the event at a place now; the caller has the lock.</summary>
    public bool Gives(Place place) => _current?.Place == place;

    /// <summary>Begins with what another cursor is giving, and has what that one has after it; the caller has the lock.</summary>
    public void BeginWith(WindowCursor other)
    {
        if (other._currentAgain > 0)
        {
            PassedAgain = other._currentAgain;
            return;
        }

        foreach (var batch in other._page.Prepend(other._current!))
        {
            _page.Enqueue(batch);
        }

        (_isBehind, _readFrom, _readsPast) = (other._isBehind, other._readFrom, other._readsPast);
    }

    private void Pass()
    {
        PassCurrent();
        if (_back is not { } back)
        {
            return;
        }

        (_next, _passed, _back) = (back, default, null);
        _page.Clear();
        _isPageOld = IsReading;
        (_isBehind, _readFrom) = (!window.Covers(back), back);
        _readsPast = _isBehind;
    }

    private void PassCurrent()
    {
        if (_current is null)
        {
            return;
        }

        if (_currentAgain > 0)
        {
            PassedAgain = _currentAgain;
            queue.PassedAgain(window);
        }
        else
        {
            (_next, _passed) = (_current.Place.After, _current.Logged!.Cursor);
            queue.Trim(window);
        }

        (_current, _currentAgain) = (null, 0);
    }

    /// <summary>What stands at its place: Orleans may step over it, and not over what is to be delivered again.</summary>
    private bool TakeFirst()
    {
        if (window.Again.Count > 0)
        {
            queue.LookAt(window);
        }

        return Take();
    }

    private bool TakeAgain()
    {
        foreach (var (batch, order, _) in window.Again)
        {
            if (order > PassedAgain)
            {
                (_current, _currentAgain) = (batch, order);
                return true;
            }
        }

        return false;
    }

    private bool Take()
    {
        if (_readsPast && !window.IsNoted(Next))
        {
            queue.Note();
            ReadOn();
            return false;
        }

        while (_page.TryDequeue(out var read))
        {
            if (read.Place >= Next)
            {
                _current = read;
                return true;
            }
        }

        if (!_isBehind)
        {
            _readsPast = false;
            _current = window.FirstFrom(Next);
            if (_current is not null || !window.HasMore || Next > window.Last)
            {
                return _current is not null;
            }

            (_isBehind, _readFrom) = (true, Next);
        }

        ReadOn();
        return false;
    }

    private void ReadOn()
    {
        if (_isBehind && !IsReading && _page.Count == 0)
        {
            (IsReading, _lastWhenRead) = (true, window.Last);
            queue.Read(this, window, _readFrom);
        }
    }

    /// <summary>A page of the store came; the caller has the lock.</summary>
    public void Came(StreamHistory.Page page)
    {
        IsReading = false;
        if (_isPageOld)
        {
            _isPageOld = false;
            return;
        }

        foreach (var item in page.Items)
        {
            _page.Enqueue(item);
        }

        (_readFrom, _isBehind) = (page.Next, page.More);
        if (!page.More && page.Items.Count == 0 && _lastWhenRead?.After is { } after && Next < after)
        {
            // What had been noted by then is not there: the log's retention dropped it.
            _next = after;
            queue.Trim(window);
        }
    }
}
