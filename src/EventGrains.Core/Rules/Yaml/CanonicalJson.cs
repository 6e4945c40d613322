using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace EventGrains.Rules.Yaml;

/// <summary>Writes YAML as JSON in one way only: keys sorted by ordinal, no space, integers in decimal. Order of keys, comments, quotes and aliases leave no trace.</summary>
internal static class CanonicalJson
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Of(YamlNode node)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(bytes, Options))
        {
            Write(writer, node);
        }

        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    /// <summary>The first 16 hexadecimal digits of the SHA-256 of the canonical JSON.</summary>
    public static string HashOf(YamlNode node) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Of(node))).AsSpan(0, 8));

    private static void Write(Utf8JsonWriter writer, YamlNode node)
    {
        switch (node)
        {
            case YamlMapping mapping:
                writer.WriteStartObject();
                foreach (var entry in mapping.Entries.OrderBy(e => e.Key.Text, StringComparer.Ordinal))
                {
                    writer.WritePropertyName(entry.Key.Text);
                    Write(writer, entry.Value);
                }

                writer.WriteEndObject();
                break;
            case YamlSequence sequence:
                writer.WriteStartArray();
                foreach (var item in sequence.Items)
                {
                    Write(writer, item);
                }

                writer.WriteEndArray();
                break;
            case YamlScalar scalar:
                Write(writer, scalar);
                break;
        }
    }

    private static void Write(Utf8JsonWriter writer, YamlScalar scalar)
    {
        switch (scalar.Type)
        {
            case ScalarType.Null:
                writer.WriteNullValue();
                break;
            case ScalarType.Boolean:
                writer.WriteBooleanValue(CoreSchema.ToBoolean(scalar.Text));
                break;
            case ScalarType.Integer:
                writer.WriteRawValue(CoreSchema.ToInteger(scalar.Text).ToString(CultureInfo.InvariantCulture));
                break;
            case ScalarType.Float:
                writer.WriteNumberValue(CoreSchema.ToFloat(scalar.Text));
                break;
            default:
                writer.WriteStringValue(scalar.Text);
                break;
        }
    }
}
