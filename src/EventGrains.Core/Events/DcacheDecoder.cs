using System.Text.Json;
using EventGrains.Files;

namespace EventGrains.Events;

/// <summary>Reads dCache's billing records, from its log or either of its two ways to publish.</summary>
/// <remarks>
/// Only a record with a <c>pnfsid</c> and <c>status.code</c> 0 proves something; what, says <see cref="DcacheStatements"/>. Every
/// other one is accepted and counted by its <c>msgType</c>, unknown types too. A pnfsid is never used again, so its files have
/// <see cref="Incarnation.None"/>.
/// </remarks>
public sealed class DcacheDecoder : IEventDecoder
{
    public string Format => "dcache";

    public Decoded Decode(ReadOnlySpan<byte> record, in DecodeContext context, List<StorageEvent> events)
    {
        ArgumentNullException.ThrowIfNull(events);
        return Decode(record, context, events, isWrapped: false);
    }

    private static Decoded Decode(ReadOnlySpan<byte> bytes, in DecodeContext context, List<StorageEvent> events, bool isWrapped)
    {
        var type = EventDecoders.UnreadableType;
        var reader = new Utf8JsonReader(bytes);
        try
        {
            var record = DcacheRecord.Read(ref reader, bytes);
            if (record[DcacheField.MessageType].IsAbsent)
            {
                var content = isWrapped ? default : Envelope.Open(record[DcacheField.Payload], record[DcacheField.Value]);
                return content.IsEmpty
                    ? throw record[DcacheField.MessageType].Refused("missing", "send dCache's billing records, or choose the source's right format")
                    : Decode(content, context, events, isWrapped: true);
            }

            type = record[DcacheField.MessageType].Name();
            if (DcacheStatements.AreMadeBy(type) && Proves(record) && DcacheStatements.Of(record, type, context) is { } says)
            {
                events.Add(new StorageEvent(new FileId(context.Storage, PnfsId(record[DcacheField.PnfsId])), type, says));
            }

            return new Decoded(type);
        }
        catch (JsonException)
        {
            return new Decoded(type, UnreadableException.NotAnObject(reader.BytesConsumed));
        }
        catch (InvalidOperationException)
        {
            return new Decoded(type, UnreadableException.NotUnicode(reader.BytesConsumed));
        }
        catch (UnreadableException unreadable)
        {
            return new Decoded(type, unreadable.Rejection);
        }
    }

    private static bool Proves(in DcacheRecord record)
    {
        var status = record[DcacheField.Status];
        if (!status.IsAbsent && !status.IsObject)
        {
            throw status.Refused("not an object", "send {\"code\": 0, \"msg\": \"\"}");
        }

        return Succeeded(record[DcacheField.StatusCode])
            && !record[DcacheField.PnfsId].IsAbsent
            && !record[DcacheField.PnfsId].Is(""u8);
    }

    internal static bool Succeeded(WireValue code) => !code.IsAbsent && code.Integer() == 0;

    private static string PnfsId(WireValue value)
    {
        var text = value.Bytes();
        if (text.Length > FileId.NativeBytesMax)
        {
            throw value.Refused($"{text.Length} bytes long, of at most {FileId.NativeBytesMax}", "send the pnfsid as dCache writes it, 36 hexadecimal digits");
        }

        Span<char> id = text.Length <= 64 ? stackalloc char[64] : new char[text.Length];
        for (var i = 0; i < text.Length; i++)
        {
            id[i] = char.IsAsciiLetterOrDigit((char)text[i])
                ? (char)(text[i] is >= (byte)'a' and <= (byte)'z' ? text[i] - 32 : text[i])
                : throw value.Refused("holds something other than letters and digits", "send the pnfsid as dCache writes it, 36 hexadecimal digits");
        }

        return new string(id[..text.Length]);
    }
}
