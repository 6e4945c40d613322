using EventGrains.Contracts.Shards;
using EventGrains.Events;

namespace EventGrains.Silo.Sources.Logs;

/// <summary>One shard's side of a <see cref="RangeLedger"/>.</summary>
internal sealed class ShardLedger(
    string source, string partition, long readerEpoch, int shard, RangePoint stand, int rangesInFlightMax, int rangeEventsMax)
{
    // In order; those before `next` are sent and not committed.
    private readonly List<Piece> pieces = [];
    private int next;
    private RangePoint sent = stand;
    private bool mustResend;

    // Read up to here without a record for this shard since its last piece.
    private Piece? quiet;

    public RangePoint Committed { get; private set; } = stand;

    public int InFlight { get; private set; }

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
        }

        if (InFlight >= rangesInFlightMax || next == pieces.Count)
        {
            return null;
        }

        var range = Gather();
        sent = new RangePoint(range.Generation, range.UpTo);
        InFlight++;
        return range;
    }

    public IEnumerable<LogStretch> Commit(RangePoint upTo)
    {
        InFlight--;
        RefusalsInARow = 0;
        return Advance(upTo);
    }

    /// <summary>Refused, because the shard stands elsewhere: not before what we know to be committed there.</summary>
    public IEnumerable<LogStretch> StandsAt(RangePoint stands)
    {
        Refused();
        return Advance(stands);
    }

    public void Refused()
    {
        InFlight--;
        RefusalsInARow++;
        mustResend = true;
    }

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
            next++;
            if (next == pieces.Count
                || pieces[next].UpTo.Generation != last.UpTo.Generation
                || events.Count + (pieces[next].Part(shard)?.Events.Count ?? 0) > rangeEventsMax)
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
