namespace EventGrains.Events;

/// <summary>The wire formats that are understood.</summary>
public static class EventDecoders
{
    /// <summary>Counts what could not be read as far as its type.</summary>
    public const string UnreadableType = "<unreadable>";

    public static readonly IReadOnlyList<IEventDecoder> All = [new DcacheDecoder(), new S3Decoder(), new CloudEventsDecoder()];

    /// <summary>The names that a source's <c>format</c> may have.</summary>
    public static IEnumerable<string> Formats => All.Select(decoder => decoder.Format);

    /// <returns>Null if there is no such format. A decoder is stateless and serves any number of threads.</returns>
    public static IEventDecoder? For(string format) => All.FirstOrDefault(decoder => decoder.Format == format);
}
