using System.Text.Json;
using EventGrains.Files;

namespace EventGrains.Events;

/// <summary>What the decoders of lower-rate formats share: the whole record is parsed first, an envelope is opened once, a rejected record adds no event.</summary>
public abstract class DocumentDecoder : IEventDecoder
{
    private protected DocumentDecoder()
    {
    }

    public abstract string Format { get; }

    public Decoded Decode(ReadOnlySpan<byte> record, in DecodeContext context, List<StorageEvent> events)
    {
        ArgumentNullException.ThrowIfNull(events);
        return Decode(record, context, events, isWrapped: false);
    }

    /// <summary>Whether the object has what every record of the format has, and no envelope.</summary>
    private protected abstract bool IsRecord(JsonElement root);

    /// <exception cref="UnreadableException">The record is of no type.</exception>
    private protected abstract string TypeOf(JsonElement root);

    /// <exception cref="UnreadableException">A member that is needed cannot be read; the events added so far are taken back.</exception>
    private protected abstract void Conclude(JsonElement root, string type, in DecodeContext context, List<StorageEvent> events);

    private Decoded Decode(ReadOnlySpan<byte> bytes, in DecodeContext context, List<StorageEvent> events, bool isWrapped)
    {
        var type = EventDecoders.UnreadableType;
        var eventsBefore = events.Count;
        var reader = new Utf8JsonReader(bytes);
        try
        {
            using var document = Parse(ref reader);
            var root = document.RootElement;
            if (!isWrapped && !IsRecord(root))
            {
                var content = Envelope.Open(WireValue.Of(root, "payload"u8, "payload"), WireValue.Of(root, "value"u8, "value"));
                if (!content.IsEmpty)
                {
                    return Decode(content, context, events, isWrapped: true);
                }
            }

            type = TypeOf(root);
            Conclude(root, type, context, events);
            return new Decoded(type);
        }
        catch (JsonException)
        {
            return new Decoded(type, UnreadableException.NotAnObject(reader.BytesConsumed));
        }
        catch (InvalidOperationException)
        {
            events.RemoveRange(eventsBefore, events.Count - eventsBefore);
            return new Decoded(type, UnreadableException.NotUnicode(reader.BytesConsumed));
        }
        catch (UnreadableException unreadable)
        {
            events.RemoveRange(eventsBefore, events.Count - eventsBefore);
            return new Decoded(type, unreadable.Rejection);
        }
    }

    private static JsonDocument Parse(ref Utf8JsonReader reader)
    {
        var document = JsonDocument.ParseValue(ref reader);
        try
        {
            // Throws if anything but white space follows.
            reader.Read();
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? document
                : throw new UnreadableException("record", "not a JSON object", "send one JSON object per record");
        }
        catch
        {
            document.Dispose();
            throw;
        }
    }
}
