using System.Globalization;
using Orleans.Runtime;

namespace EventGrains.Silo.Streams;

/// <summary>A stream some consumer of which is given what is older than its queue's position: it read the past when it last stood here.</summary>
/// <param name="From">From here on it may not have had the stream.</param>
internal readonly record struct BehindStream(StreamId Stream, Place From)
{
    /// <summary>The detail of the row beside the queue's own: a line each. Releases before this row do not look at it.</summary>
    public static string Write(IEnumerable<BehindStream> streams) =>
        string.Join('\n', streams.Select(s => string.Create(CultureInfo.InvariantCulture, $"{s.From.Number} {s.From.Index} {s.Stream.GetNamespace()}/{s.Stream.GetKeyAsString()}")).Order(StringComparer.Ordinal));

    public static List<BehindStream> Read(string detail) =>
    [
        .. detail.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ', 3)).Select(parts => new BehindStream(
            EventLogStreams.Parse(parts[2]),
            new Place(long.Parse(parts[0], CultureInfo.InvariantCulture), int.Parse(parts[1], CultureInfo.InvariantCulture)))),
    ];
}
