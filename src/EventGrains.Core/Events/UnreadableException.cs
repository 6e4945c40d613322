namespace EventGrains.Events;

/// <summary>Ends the reading of one record from within; a decoder turns it into its <see cref="Rejection"/> and lets none out.</summary>
internal sealed class UnreadableException(string field, string reason, string remedy) : Exception(reason)
{
    public Rejection Rejection { get; } = new(field, reason, remedy);

    /// <summary>The bytes are no JSON object.</summary>
    /// <param name="position">How many bytes were still good.</param>
    public static Rejection NotAnObject(long position) =>
        new("record", $"not one whole JSON object: broken after byte {position}", "send one JSON object (RFC 8259, UTF-8) per record");

    /// <summary>An escaped member name is no Unicode, so it cannot be told whether it is one that we need.</summary>
    public static Rejection NotUnicode(long position) =>
        new("record", $"the name of a member is not valid Unicode, after byte {position}", "escape surrogates in pairs, or not at all");
}
