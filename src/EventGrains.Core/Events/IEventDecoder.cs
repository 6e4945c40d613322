namespace EventGrains.Events;

/// <summary>Why a record could not be read: the field, the reason, and what to do.</summary>
[GenerateSerializer, Immutable, Alias("EventGrains.Rejection")]
public sealed record Rejection([property: Id(0)] string Field, [property: Id(1)] string Reason, [property: Id(2)] string Remedy);

/// <summary>What a decoder needs to know besides the bytes.</summary>
/// <param name="Storage">The storage that the source speaks of.</param>
/// <param name="Now">Our clock, UTC, for one question alone: a date more than a day ahead is refused, or it would freeze a register for ever.</param>
public readonly record struct DecodeContext(string Storage, DateTime Now)
{
    public static readonly TimeSpan DateAheadMax = TimeSpan.FromDays(1);

    /// <summary>The latest date that is believed.</summary>
    public DateTime DateMax => Now > DateTime.MaxValue - DateAheadMax ? DateTime.MaxValue : Now + DateAheadMax;
}

/// <summary>What became of one record.</summary>
/// <param name="Type">The record's type as the source names it; for a record without one, a word in angle brackets.</param>
/// <param name="Rejection">Null when the record was read, also when it says nothing that we keep.</param>
public readonly record struct Decoded(string Type, Rejection? Rejection = null);

/// <summary>Reads one wire format. Pure: no clock, no I/O, never throws for what the bytes hold.</summary>
/// <remarks>
/// Adds no event for a record that proves nothing (a failed request, an unknown type): such a record is accepted and counted by
/// its type. Unknown fields are ignored: the source keeps them. May add several events (an S3 notification holds a list); a
/// rejected record adds none.
/// </remarks>
public interface IEventDecoder
{
    /// <summary>The name used in a source's <c>format</c>: <c>dcache</c>, <c>s3</c>, <c>cloudevents</c>.</summary>
    string Format { get; }

    /// <param name="record">One JSON document: the record itself, or an envelope whose <c>payload</c> or <c>value</c> is the record, as an object or as a string.</param>
    /// <param name="events">Where the events go, in the record's order.</param>
    Decoded Decode(ReadOnlySpan<byte> record, in DecodeContext context, List<StorageEvent> events);
}
