using EventGrains.Contracts.Shards;

namespace EventGrains.Silo.Sources.Logs;

/// <summary>What was sent to each shard of one partition, what is committed there, and what must be sent again.</summary>
/// <remarks>
/// Pure and not thread-safe. Keeps every stretch until all its shards have committed it, so a shard that lost something (it
/// moved, its commit failed, an answer got lost) is served again from memory, alone. The laws, held by <c>RangeLedgerTests</c>:
/// every record reaches its shard at least once and in order, and a shard that follows the acceptance rule never sees a hole.
/// </remarks>
internal sealed class RangeLedger
{
    private readonly ShardLedger[] shards;

    /// <param name="stands">Where each shard stands durably when this reader takes over.</param>
    /// <param name="rangesInFlightMax">Unanswered ranges per shard; beyond it what is read gathers into larger ranges.</param>
    /// <param name="rangeEventsMax">Events gathered in one range; a single stretch may hold more.</param>
    /// <param name="besideEventsMin">Fewer events are not sent beside an unanswered range, but gather until the answer: what comes in drops costs a call for each commit, not for each drop.</param>
    public RangeLedger(
        string source, string partition, long readerEpoch, IReadOnlyList<RangePoint> stands, int rangesInFlightMax, int rangeEventsMax, int besideEventsMin)
    {
        shards = stands
            .Select((stand, shard) => new ShardLedger(source, partition, readerEpoch, shard, stand, rangesInFlightMax, rangeEventsMax, besideEventsMin))
            .ToArray();
        ReadUpTo = stands.Min();
    }

    /// <summary>Up to where stretches were added.</summary>
    public RangePoint ReadUpTo { get; private set; }

    /// <summary>What the stretches in memory count; the reader waits while it is over its bound.</summary>
    public long BytesHeld { get; private set; }

    /// <summary>A newer reader owns the partition: send nothing more.</summary>
    public bool IsFenced { get; private set; }

    /// <summary>A shard stands before all that is in memory: read the source again from the lowest committed position.</summary>
    public bool MustReadAgain { get; private set; }

    /// <summary>The least of what the shards have durably: what a restart would read again from.</summary>
    public RangePoint Committed => shards.Min(s => s.Committed);

    /// <summary>Up to where every record is durable; ahead of <see cref="Committed"/> where a shard had no record.</summary>
    public RangePoint Durable => shards.Min(s => s.HasPending ? s.Committed : ReadUpTo);

    public bool HasPending => Array.Exists(shards, s => s.HasPending);

    public bool IsIdle => Array.TrueForAll(shards, s => !s.HasPending && s.InFlight == 0);

    public void Add(LogStretch stretch)
    {
        foreach (var shard in shards)
        {
            if (shard.Add(stretch))
            {
                stretch.Pending++;
            }
        }

        BytesHeld += stretch.Pending > 0 ? stretch.Bytes : 0;
        ReadUpTo = stretch.UpTo > ReadUpTo ? stretch.UpTo : ReadUpTo;
    }

    /// <summary>Gives shards that had no record for a while an empty range, so that a restart need not read the past again.</summary>
    public void Force()
    {
        foreach (var shard in shards)
        {
            shard.Force();
        }
    }

    /// <summary>The next range for a shard; null when there is none or enough are unanswered. Send what it gives in its order.</summary>
    public EventRange? TakeNext(int shard) => IsFenced || MustReadAgain ? null : shards[shard].TakeNext();

    /// <summary>Books an answer. Returns how often in a row the shard has refused or failed, for the pause before the next try.</summary>
    public int Answered(int shard, EventRange range, RangeAnswer answer)
    {
        var ledger = shards[shard];
        switch (answer.Verdict)
        {
            case RangeVerdict.Committed:
                Release(ledger.Commit(range));
                break;
            case RangeVerdict.Gap when ledger.HasLostWhen(range, answer.Stands):
                ledger.Refused(range);
                MustReadAgain = true;
                break;
            case RangeVerdict.Gap:
                Release(ledger.StandsAt(range, answer.Stands));
                break;
            default:
                ledger.Refused(range);
                IsFenced = true;
                break;
        }

        return ledger.RefusalsInARow;
    }

    /// <summary>Books that the outcome of a range is unknown: it will be sent again, which a shard that has it calls a repeat.</summary>
    public int Failed(int shard, EventRange range)
    {
        shards[shard].Refused(range);
        return shards[shard].RefusalsInARow;
    }

    private void Release(IEnumerable<LogStretch> committed)
    {
        foreach (var stretch in committed)
        {
            if (--stretch.Pending == 0)
            {
                BytesHeld -= stretch.Bytes;
            }
        }
    }
}
