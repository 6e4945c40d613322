namespace EventGrains.Events;

/// <summary>What a relay puts round a record: an object whose <c>payload</c> or <c>value</c> is the record, or (as kcat -J writes it) a string that holds it. Opened once.</summary>
internal static class Envelope
{
    /// <returns>The record's bytes; empty if there is none.</returns>
    /// <exception cref="UnreadableException">The string is no Unicode.</exception>
    public static ReadOnlySpan<byte> Open(WireValue payload, WireValue value)
    {
        var content = payload.IsObject || payload.IsText ? payload : value;
        return content.IsObject ? content.Raw : content.IsText ? content.Bytes() : default;
    }
}
