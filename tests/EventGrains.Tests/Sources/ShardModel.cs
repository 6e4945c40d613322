using EventGrains.Contracts.Shards;
using EventGrains.Events;

namespace EventGrains.Tests.Sources;

/// <summary>A shard as the acceptance rule says: one position per partition, accepted when its commits are still under way, durable after.</summary>
internal sealed class ShardModel
{
    private readonly List<(RangePoint At, string Record)> durable = [];
    private readonly List<(RangePoint UpTo, string? Check, List<(RangePoint At, string Record)> Records, List<DeadLetter> DeadLetters)> underWay = [];
    private RangePoint accepted;
    private long readerEpoch;

    public RangePoint Durable { get; private set; }

    public string? Check { get; private set; }

    /// <summary>How often it lost what was under way: an answer computed before the last time must not be given any more.</summary>
    public int Restarts { get; private set; }

    /// <summary>In the order in which they became durable; a record comes twice only if the partition was read again in a new generation.</summary>
    public IEnumerable<string> Records => durable.Select(d => d.Record);

    public List<DeadLetter> DeadLetters { get; } = [];

    /// <summary>Decides, as the shard does, without a wait; the answer is due when what it was computed on is durable.</summary>
    public RangeVerdict Receive(EventRange range)
    {
        if (range.ReaderEpoch < readerEpoch)
        {
            return RangeVerdict.Fenced;
        }

        readerEpoch = range.ReaderEpoch;
        if (range.After.CompareTo(accepted) > 0)
        {
            return RangeVerdict.Gap;
        }

        var end = new RangePoint(range.Generation, range.UpTo);
        if (end.CompareTo(accepted) <= 0)
        {
            return RangeVerdict.Committed;
        }

        var records = new List<(RangePoint, string)>();
        for (var i = 0; i < range.Events.Count; i++)
        {
            var at = new RangePoint(range.Generation, range.Positions[i]);
            if (at.CompareTo(accepted) > 0)
            {
                records.Add((at, range.Events[i].Type));
            }
        }

        underWay.Add((end, range.Check, records, [.. range.DeadLetters]));
        accepted = end;
        return RangeVerdict.Committed;
    }

    public void CommitAll()
    {
        foreach (var (upTo, check, records, deadLetters) in underWay)
        {
            durable.AddRange(records);
            foreach (var letter in deadLetters)
            {
                DeadLetters.RemoveAll(d => d.Id == letter.Id);
                DeadLetters.Add(letter);
            }

            (Durable, Check) = (upTo, check);
        }

        underWay.Clear();
    }

    /// <summary>It moved or its commit failed: what was under way is gone.</summary>
    public void Restart()
    {
        Restarts++;
        underWay.Clear();
        accepted = Durable;
    }
}
