using EventGrains.Gateway.Http;
using Microsoft.Net.Http.Headers;

namespace EventGrains.Gateway.Events;

/// <summary>How a body holds its records.</summary>
internal enum Framing
{
    /// <summary><c>application/x-ndjson</c></summary>
    Lines,

    /// <summary><c>application/json</c>, <c>application/cloudevents+json</c></summary>
    Record,

    /// <summary><c>application/cloudevents-batch+json</c></summary>
    Array,

    /// <summary>A CloudEvent in binary mode: attributes in <c>ce-</c> headers, the body is its data.</summary>
    BinaryCloudEvent,
}

internal static class Framings
{
    public const string CloudEventsFormat = "cloudevents";

    /// <exception cref="ProblemException">415: none of the content types taken.</exception>
    public static Framing Of(HttpRequest request)
    {
        if (request.Headers.ContentEncoding is [{ Length: > 0 } encoding] && encoding != "identity")
        {
            throw Unsupported($"content encoding '{encoding}' is not taken", "send the bytes as they are");
        }

        var type = request.ContentType;
        if (!MediaTypeHeaderValue.TryParse(type, out var media))
        {
            return BinaryCloudEvent.Is(request) && string.IsNullOrEmpty(type) ? Framing.BinaryCloudEvent : throw UnsupportedType(type);
        }

        if (media.Charset.HasValue && !media.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase))
        {
            throw Unsupported($"charset '{media.Charset}' is not taken", "send UTF-8");
        }

        return media.MediaType.Value!.ToLowerInvariant() switch
        {
            "application/json" => BinaryCloudEvent.Is(request) ? Framing.BinaryCloudEvent : Framing.Record,
            "application/x-ndjson" => Framing.Lines,
            "application/cloudevents+json" => Framing.Record,
            "application/cloudevents-batch+json" => Framing.Array,
            _ => throw UnsupportedType(type),
        };
    }

    /// <summary>Whether the request itself says that it carries CloudEvents, whatever its source declares.</summary>
    public static bool SaysCloudEvents(HttpRequest request, Framing framing) =>
        framing is Framing.Array or Framing.BinaryCloudEvent
        || request.ContentType!.StartsWith("application/cloudevents+json", StringComparison.OrdinalIgnoreCase);

    private static ProblemException UnsupportedType(string? type) =>
        Unsupported(
            $"content type '{type}' is not taken here",
            "send application/x-ndjson (one record a line), application/json (one record), application/cloudevents+json or application/cloudevents-batch+json");

    private static ProblemException Unsupported(string detail, string remedy) =>
        new(StatusCodes.Status415UnsupportedMediaType, "Unsupported media type", detail, remedy);
}
