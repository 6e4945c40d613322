using EventGrains.Contracts.Shards;
using EventGrains.Events;

namespace EventGrains.Silo.Sources.Logs;

/// <summary>One shard's side of a <see cref="RangeLedger"/>.</summary>
internal sealed class ShardLedger(
    string source, string partition, long readerEpoch, int shard, RangePoint stand, int rangesInFlightMax, int rangeEventsMax, int besideEventsMin)
{
    // In order; those before `next` are sent and not committed.
    private readonly List<Piece> pieces = [];

    // Ends of the ranges without an answer, each with what was known to be committed when it set out.
    private readonly List<(RangePoint End, RangePoint Known)> inFlight = [];
    private int next;
    private int unsent;
    private RangePoint sent = stand;
    private bool mustResend;

    // Read up to here without a record for this shard since its last piece.
    private Piece? quiet;

    public RangePoint Committed { get; private set; } = stand;

    public int InFlight => inFlight.Count;

    public int RefusalsInARow { get; private set; }

    public bool HasPending => pieces.Count > 0;

    /// <summary>False when the shard needs nothing of it: it has no record in it, or has had it before.</summary>
    public bool Add(LogStretch stretch)
    {
        if (stretch.UpTo <= Committed)
        {
            return false;
        }

        if (stretch.PartOf(shard) is null && !stretch.ToAll)
        {
            quiet = new Piece(stretch.UpTo, stretch.Check, null);
            return false;
        }

        pieces.Add(new Piece(stretch.UpTo, stretch.Check, stretch));
        unsent += EventsOf(pieces[^1]);
        quiet = null;
        return true;
    }

    public void Force()
    {
        if (quiet is { } end && end.UpTo > sent)
        {
            pieces.Add(end);
            quiet = null;
        }
    }

    public EventRange? TakeNext()
    {
        if (mustResend)
        {
            // Only when nothing is under way: a late answer to an old range must not be taken for one to its repetition.
            if (InFlight > 0)
            {
                return null;
            }

            mustResend = false;
            next = 0;
            sent = Committed;
            unsent = pieces.Sum(EventsOf);
        }

        if (InFlight >= rangesInFlightMax || next == pieces.Count || (InFlight > 0 && unsent < besideEventsMin))
        {
            return null;
        }

        var range = Gather();
        sent = new RangePoint(range.Generation, range.UpTo);
        inFlight.Add((sent, Committed));
        return range;
    }

    public IEnumerable<LogStretch> Commit(EventRange range)
    {
        Returned(range);
        RefusalsInARow = 0;
        return Advance(new RangePoint(range.Generation, range.UpTo));
    }

    /// <summary>Whether a shard that stood there when it answered had lost something: what was committed in the meantime its answer need not know.</summary>
    public bool HasLostWhen(EventRange range, RangePoint stands) =>
        stands < inFlight.Find(i => i.End == new RangePoint(range.Generation, range.UpTo)).Known;

    /// <summary>Refused, because the shard stands elsewhere, or because it stood elsewhere when it answered.</summary>
    public IEnumerable<LogStretch> StandsAt(EventRange range, RangePoint stands)
    {
        Refused(range);
        return Advance(stands);
    }

    public void Refused(EventRange range)
    {
        Returned(range);
        RefusalsInARow++;
        mustResend = true;
    }

    private void Returned(EventRange range) => inFlight.RemoveAt(inFlight.FindIndex(i => i.End == new RangePoint(range.Generation, range.UpTo)));

    private int EventsOf(Piece piece) => piece.Part(shard)?.Events.Count ?? 0;

    private List<LogStretch> Advance(RangePoint upTo)
    {
        var released = new List<LogStretch>();
        if (upTo <= Committed)
        {
            return released;
        }

        Committed = upTo;
        var count = 0;
        while (count < pieces.Count && pieces[count].UpTo <= upTo)
        {
            if (pieces[count].Stretch is { } stretch)
            {
                released.Add(stretch);
            }

            count++;
        }

        pieces.RemoveRange(0, count);
        next = Math.Max(0, next - count);
        return released;
    }

    private EventRange Gather()
    {
        var events = new List<StorageEvent>();
        var positions = new List<long>();
        var deadLetters = new List<DeadLetter>();
        var last = pieces[next];
        while (true)
        {
            Take(last, events, positions, deadLetters);
            unsent -= EventsOf(last);
            next++;
            if (next == pieces.Count
                || pieces[next].UpTo.Generation != last.UpTo.Generation
                || events.Count + EventsOf(pieces[next]) > rangeEventsMax)
            {
                break;
            }

            last = pieces[next];
        }

        if (next == pieces.Count && quiet is { } end && end.UpTo.Generation == last.UpTo.Generation)
        {
            // A piece of its own, so that it is sent again when this range fails.
            pieces.Add(end);
            next++;
            (last, quiet) = (end, null);
        }

        return new EventRange(
            source, partition, readerEpoch, last.UpTo.Generation, sent, last.UpTo.Position, events, positions, deadLetters, last.Check);
    }

    private void Take(Piece piece, List<StorageEvent> events, List<long> positions, List<DeadLetter> deadLetters)
    {
        if (piece.Part(shard) is not { } part)
        {
            return;
        }

        deadLetters.AddRange(part.DeadLetters);

        // Only a shard that stood within this stretch when we began has had some of it.
        var first = 0;
        if (piece.UpTo.Generation == sent.Generation)
        {
            while (first < part.Positions.Count && part.Positions[first] <= sent.Position)
            {
                first++;
            }
        }

        events.AddRange(first == 0 ? part.Events : part.Events.Skip(first));
        positions.AddRange(first == 0 ? part.Positions : part.Positions.Skip(first));
    }

    private readonly record struct Piece(RangePoint UpTo, string? Check, LogStretch? Stretch)
    {
        public LogPart? Part(int shard) => Stretch?.PartOf(shard);
    }
}
