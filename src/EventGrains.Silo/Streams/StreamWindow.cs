using EventGrains.Contracts.Transitions;
using Orleans.Runtime;

namespace EventGrains.Silo.Streams;

/// <summary>What one stream has been given and not all of its consumers have passed. Under the lock of its queue's windows.</summary>
/// <remarks>
/// At <see cref="HeldMax"/> a stream's further events are only noted, and its consumers read them from the store when they come to them:
/// a slow consumer holds that many and no more.
/// </remarks>
internal sealed class StreamWindow(StreamId stream)
{
    public const int HeldMax = 8;

    private readonly List<TransitionBatch> _held = [];
    private Cursor _before;

    public StreamId Stream => stream;

    public List<WindowCursor> Cursors { get; } = [];

    /// <summary>Deliveries to be made again, in the order in which they were asked for.</summary>
    public List<AgainDelivery> Again { get; } = [];

    /// <summary>The newest event given; null before the first.</summary>
    public Place? Last { get; private set; }

    /// <summary>The store remembers that from here on a consumer may not have had the stream; what is older than the queue's position is given only then.</summary>
    public Place? Noted { get; set; }

    /// <summary>From where on what a consumer is to be given next is nowhere but in the store, and older perhaps than the queue's position; null where none is behind.</summary>
    public Place? Behind
    {
        get
        {
            var behind = Cursors.Min(c => c.Behind);
            return Owed is { } owed && IsNoted(owed) && !(behind < owed) ? owed : behind;
        }
    }

    /// <summary>After what is held there is more, which only the store has.</summary>
    public bool HasMore { get; private set; }

    /// <summary>From here on a consumer that went may not have had what the stream was given.</summary>
    public Place? Owed
    {
        get;
        set
        {
            field = value;
            IsOwedToAll &= value is not null;
        }
    }

    /// <summary>
    /// The place had been kept while the stream's consumers were being looked up, and the look-up was given up: whoever is found later, for a
    /// later event perhaps, is owed it.
    /// </summary>
    public bool IsOwedToAll { get; set; }

    /// <summary>When the queue's agent is to be told next that nobody has taken the stream's events up.</summary>
    public DateTimeOffset TellAt { get; set; }

    /// <summary>How often that was since a consumer was found.</summary>
    public int ToldInVain { get; set; }

    /// <summary>When a consumer was given to first, the last one of them.</summary>
    public DateTimeOffset FoundAt { get; set; }

    /// <summary>A consumer did not say where it stands.</summary>
    public bool IsUnsure { get; set; }

    /// <summary>When the queue's agent is to be reminded next that the stream is one.</summary>
    public DateTimeOffset KeepAt { get; set; }

    public int Held => _held.Count;

    /// <summary>The queue's position must not pass what it was given: it waits in memory, or for consumers that are found again.</summary>
    public bool HoldsPosition => FirstOpen != Place.None && (_held.Count > 0 || HasMore || !IsNoted(Owed!.Value));

    public bool IsOpen => _held.Count > 0 || HasMore || Owed is not null || Again.Count > 0;

    public Place FirstOpen => Owed ?? (_held.Count > 0 ? _held[0].Place : HasMore ? Last!.Value : Place.None);

    /// <summary>All of the stream up to here in the public order was passed, if <see cref="IsOpen"/>.</summary>
    public Cursor PassedAll
    {
        get
        {
            var passed = Cursors.Count == 0 || Owed is not null ? default : Cursors.Min(c => c.Passed);
            return passed.CompareTo(_before) > 0 ? passed : _before;
        }
    }

    public void Add(TransitionBatch batch)
    {
        if (Last is { } last && batch.Place <= last)
        {
            return;
        }

        if (!IsOpen)
        {
            _before = batch.Logged!.Cursor with { Ordinal = batch.Logged.Cursor.Ordinal - 1 };
        }

        Last = batch.Place;
        HasMore |= _held.Count == HeldMax;
        if (!HasMore)
        {
            _held.Add(batch);
        }

        Trim();
    }

    /// <summary>Whether a cursor that begins at a place finds in memory all that follows it.</summary>
    public bool Covers(Place place)
    {
        if (_held.Count == 0)
        {
            return !HasMore && Last is { } last && place >= last;
        }

        // A file's versions have no gap: after version 6, version 7 is the next.
        return place >= _held[0].Place || (stream.GetNamespace() == TransitionStreams.Files && place.Index + 1 == _held[0].Place.Index && place.Number > 0);
    }

    public bool IsNoted(Place place) => Noted is { } noted && noted <= place;

    public TransitionBatch? FirstFrom(Place place) => _held.Find(b => b.Place >= place);

    /// <summary>Lets go of what all have passed.</summary>
    public void Trim()
    {
        if (Cursors.Count == 0 || Owed is not null)
        {
            return;
        }

        var low = Cursors.Min(c => c.Next);
        var passed = _held.FindIndex(b => b.Place >= low);
        _held.RemoveRange(0, passed < 0 ? _held.Count : passed);
        HasMore = HasMore && low <= Last;
    }
}

/// <param name="Order">Counts up in the order of asking.</param>
/// <param name="Number">Of what was parked.</param>
internal readonly record struct AgainDelivery(TransitionBatch Batch, long Order, long Number);
