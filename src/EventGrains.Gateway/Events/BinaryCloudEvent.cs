using System.Buffers;
using System.Text.Json;

namespace EventGrains.Gateway.Events;

/// <summary>A CloudEvent whose attributes travel as HTTP headers, written as the structured one that decoders read.</summary>
/// <remarks>The HTTP protocol binding of CloudEvents 1.0, section 3.1: <c>ce-</c> headers, percent-encoded; <c>content-type</c> is the data's.</remarks>
internal static class BinaryCloudEvent
{
    private const string Prefix = "ce-";

    public static bool Is(HttpRequest request) => request.Headers.ContainsKey("ce-specversion");

    public static byte[] Compose(IHeaderDictionary headers, ReadOnlySpan<byte> data)
    {
        var bytes = new ArrayBufferWriter<byte>(data.Length + 512);
        using var json = new Utf8JsonWriter(bytes);
        json.WriteStartObject();
        foreach (var (name, value) in headers)
        {
            if (name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) && name.Length > Prefix.Length)
            {
                json.WriteString(name[Prefix.Length..].ToLowerInvariant(), Uri.UnescapeDataString(value.ToString()));
            }
        }

        WriteData(json, data);
        json.WriteEndObject();
        json.Flush();
        return bytes.WrittenSpan.ToArray();
    }

    private static void WriteData(Utf8JsonWriter json, ReadOnlySpan<byte> data)
    {
        data = data.Trim(" \t\r\n"u8);
        if (data.IsEmpty)
        {
            return;
        }

        // Checked here, not only by the decoder: data that closes its own object early could set attributes that no header said.
        json.WritePropertyName("data");
        try
        {
            json.WriteRawValue(data);
        }
        catch (JsonException)
        {
            json.WriteBase64StringValue(data);
        }
    }
}
