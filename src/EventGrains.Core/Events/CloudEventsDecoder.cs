using System.Text.Json;

namespace EventGrains.Events;

/// <summary>Reads CloudEvents 1.0, in structured mode (JSON) and in binary mode, of our own types; others are accepted without effect and counted.</summary>
/// <remarks>
/// <para>Any producer can speak to us with these five types. <c>id</c>, <c>source</c>, <c>type</c> and <c>specversion</c> "1.0" are
/// required of every event, <c>time</c> (RFC 3339, by the producer's clock) of ours.</para>
/// <list type="bullet">
/// <item><c>org.eventgrains.file.stored</c>: the file is whole and readable in its storage. Says also that its copy there is present.</item>
/// <item><c>org.eventgrains.file.deleted</c>: the file is gone from the namespace.</item>
/// <item><c>org.eventgrains.file.located</c>: the file's path is <c>path</c> (required); a rename is the same event with a later time.</item>
/// <item><c>org.eventgrains.replica.present</c>, <c>org.eventgrains.replica.removed</c>: one copy is there, or gone. Says nothing of the file itself.</item>
/// </list>
/// <para>Members of <c>data</c>, an object; all are optional but where said:</para>
/// <list type="bullet">
/// <item><c>id</c>: the storage's own identity of the file, 1 to 4,096 bytes, not beginning with <c>/</c>. Required here or as the attribute <c>subject</c>.</item>
/// <item><c>path</c>: where the file is, beginning with <c>/</c>; for a replica in another storage, where the copy is there.</item>
/// <item><c>size</c>: bytes, zero or more. Read in <c>file.stored</c> alone.</item>
/// <item><c>checksums</c>: <c>{"adler32": "0a1b2c3d"}</c>, hexadecimal. In <c>file.stored</c> the file's; of a replica the copy's.</item>
/// <item><c>incarnation</c>: a text that names this content, 1 to 256 bytes, ordered character by character, so numbers are padded to one width. A storage
/// gives it always or never: without it the event's time orders existence and size. A delete closes all incarnations up to its own.</item>
/// <item><c>pool</c>: the pool that holds the copy, where the storage has pools.</item>
/// <item><c>storage</c>: the storage that holds the replica; without it the one that the source speaks of.</item>
/// </list>
/// <para>Repeated and reordered events are harmless. <c>com.amazonaws.s3.*</c> (the CloudEvents adapter for S3) is read as the S3
/// notification that it holds.</para>
/// </remarks>
public sealed class CloudEventsDecoder : DocumentDecoder
{
    public override string Format => "cloudevents";

    /// <summary>Reads an event in binary mode: the attributes came beside the data.</summary>
    /// <param name="attributes">By their names in lower case without <c>ce-</c> or <c>ce_</c>, values already percent-decoded; the transport's content type as <c>datacontenttype</c>.</param>
    /// <param name="data">The body; empty if there is none.</param>
    public Decoded DecodeBinary(IReadOnlyDictionary<string, string> attributes, ReadOnlySpan<byte> data, in DecodeContext context, List<StorageEvent> events)
    {
        ArgumentNullException.ThrowIfNull(attributes);

        // One meaning for both modes: the event is put into its structured form. Data goes as base64, since it need not be JSON.
        using var structured = new MemoryStream(data.Length + (data.Length / 2) + 512);
        using (var writer = new Utf8JsonWriter(structured))
        {
            writer.WriteStartObject();
            foreach (var (name, value) in attributes)
            {
                if (name is not ("data" or "data_base64"))
                {
                    writer.WriteString(name, value);
                }
            }

            if (!data.IsEmpty)
            {
                writer.WriteBase64String("data_base64"u8, data);
            }

            writer.WriteEndObject();
        }

        return Decode(structured.GetBuffer().AsSpan(0, (int)structured.Length), context, events);
    }

    private protected override bool IsRecord(JsonElement root) => root.TryGetProperty("specversion"u8, out _);

    private protected override string TypeOf(JsonElement root)
    {
        var version = WireValue.Of(root, "specversion"u8, "specversion");
        if (!version.Is("1.0"u8))
        {
            throw version.Refused(version.IsAbsent ? "missing" : "not \"1.0\"", "send CloudEvents 1.0, or choose the source's right format");
        }

        Require(WireValue.Of(root, "id"u8, "id"));
        Require(WireValue.Of(root, "source"u8, "source"));
        var type = WireValue.Of(root, "type"u8, "type");
        Require(type);
        return type.Name();
    }

    private protected override void Conclude(JsonElement root, string type, in DecodeContext context, List<StorageEvent> events)
    {
        if (!CloudEventStatements.AreMadeBy(type))
        {
            return;
        }

        using var decoded = DecodedData(root);
        var data = decoded?.RootElement ?? (root.TryGetProperty("data"u8, out var plain) ? plain : default);
        if (data.ValueKind is not (JsonValueKind.Object or JsonValueKind.Null or JsonValueKind.Undefined))
        {
            throw new UnreadableException("data", "not an object", "send the data as a JSON object, not as a string that holds one");
        }

        if (CloudEventStatements.Of(root, data, type, context) is { } said)
        {
            events.Add(said);
        }
    }

    private static void Require(WireValue attribute)
    {
        if (attribute.IsAbsent || attribute.Bytes().IsEmpty)
        {
            throw attribute.Refused("missing or empty", "CloudEvents 1.0 requires id, source, type and specversion of every event");
        }
    }

    private static JsonDocument? DecodedData(JsonElement root)
    {
        if (!root.TryGetProperty("data_base64"u8, out var encoded) || encoded.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        try
        {
            return encoded.ValueKind == JsonValueKind.String && encoded.TryGetBytesFromBase64(out var bytes) ? JsonDocument.Parse(bytes) : throw NotJson();
        }
        catch (JsonException)
        {
            throw NotJson();
        }
    }

    private static UnreadableException NotJson() => new("data", "not base64 of a JSON object", "send the data of this type as application/json");
}
