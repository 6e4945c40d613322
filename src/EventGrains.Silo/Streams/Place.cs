using Orleans.Providers.Streams.Common;
using Orleans.Streams;

namespace EventGrains.Silo.Streams;

/// <summary>A place in one queue, as a stream's token says it: shard's sequence and file's version, or commit index and ordinal in the queue of datasets.</summary>
internal readonly record struct Place(long Number, int Index) : IComparable<Place>
{
    /// <summary>No event's: the token of a notice that a stream is to be looked at.</summary>
    public static readonly Place None = new(long.MaxValue, 0);

    public Place After => this with { Index = Index + 1 };

    public EventSequenceTokenV2 Token => new(Number, Index);

    public static Place Of(StreamSequenceToken token) => new(token.SequenceNumber, token.EventIndex);

    public int CompareTo(Place other) => (Number, Index).CompareTo((other.Number, other.Index));

    /// <summary>By hand: a record's own would print <see cref="After"/> and what is after that, without end.</summary>
    public override string ToString() => this == None ? "none" : $"{Number}:{Index}";

    public static bool operator <(Place a, Place b) => a.CompareTo(b) < 0;

    public static bool operator >(Place a, Place b) => a.CompareTo(b) > 0;

    public static bool operator <=(Place a, Place b) => a.CompareTo(b) <= 0;

    public static bool operator >=(Place a, Place b) => a.CompareTo(b) >= 0;
}
