using EventGrains.Contracts.Shards;
using EventGrains.Silo.Store;

namespace EventGrains.Silo.Shards;

/// <summary>Where one shard stands in every partition: the check that makes pulled sources neither lose nor skip anything.</summary>
/// <remarks>
/// A range is compared with the <em>accepted</em> place, for several may be on their way; what is answered is the <em>durable</em> one.
/// <c>position &lt;= stored</c> alone, the obvious check, loses events in silence when a reader moves or a batch is dropped.
/// </remarks>
internal sealed class ShardPositions
{
    private readonly Dictionary<(string Source, string Partition), Place> _places = [];

    public void Load(IReadOnlyList<PositionRow> rows)
    {
        _places.Clear();
        foreach (var row in rows)
        {
            var point = new RangePoint(row.Generation, row.Position);
            _places[(row.Source, row.Partition)] = new Place { ReaderEpoch = row.ReaderEpoch, Accepted = point, Durable = point };
        }
    }

    /// <summary>What to do with a range, before any of it is applied.</summary>
    public RangeCheck Check(EventRange range)
    {
        var place = At(range.Source, range.Partition);
        if (range.ReaderEpoch < place.ReaderEpoch)
        {
            return RangeCheck.Fenced;
        }

        if (new RangePoint(range.Generation, range.UpTo).CompareTo(place.Accepted) <= 0)
        {
            return RangeCheck.Repeat;
        }

        return range.After.CompareTo(place.Accepted) > 0 ? RangeCheck.Gap : RangeCheck.Apply;
    }

    /// <summary>Whether an event of an accepted range was applied before.</summary>
    public bool IsKnown(EventRange range, int index) =>
        new RangePoint(range.Generation, range.Positions[index]).CompareTo(At(range.Source, range.Partition).Accepted) <= 0;

    /// <summary>The range is decided: its end is accepted now, and durable with the change set that carries the row.</summary>
    public PositionRow Accept(int shard, EventRange range)
    {
        var place = At(range.Source, range.Partition);
        place.ReaderEpoch = range.ReaderEpoch;
        place.Accepted = new RangePoint(range.Generation, range.UpTo);
        return new PositionRow(shard, range.Source, range.Partition, range.ReaderEpoch, range.Generation, range.UpTo, range.Check);
    }

    public void MakeDurable(EventRange range)
    {
        var place = At(range.Source, range.Partition);
        var end = new RangePoint(range.Generation, range.UpTo);
        place.Durable = end.CompareTo(place.Durable) > 0 ? end : place.Durable;
    }

    public RangePoint Stands(EventRange range) => At(range.Source, range.Partition).Durable;

    private Place At(string source, string partition)
    {
        if (!_places.TryGetValue((source, partition), out var place))
        {
            _places.Add((source, partition), place = new Place());
        }

        return place;
    }

    private sealed class Place
    {
        public long ReaderEpoch { get; set; }

        public RangePoint Accepted { get; set; }

        public RangePoint Durable { get; set; }
    }
}

internal enum RangeCheck
{
    Apply,
    Repeat,
    Gap,
    Fenced,
}
