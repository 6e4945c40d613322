using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace EventGrains.Cli.Output;

/// <summary>Reads answers for people: a field that is not there is an empty text, never an error.</summary>
internal static class JsonText
{
    public static readonly JsonSerializerOptions Compact = new(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Text(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? Text(value) : "";

    /// <summary>One field of a text that should be a JSON object; null when it is none or has no such field.</summary>
    public static string? TextIn(string json, string name)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return document.RootElement.Text(name) is { Length: > 0 } text ? text : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public static JsonElement? Part(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    public static IEnumerable<JsonElement> Items(this JsonElement element, string name) =>
        element.Part(name) is { ValueKind: JsonValueKind.Array } array ? array.EnumerateArray() : [];

    public static long Number(this JsonElement element, string name) =>
        element.Part(name) is { ValueKind: JsonValueKind.Number } number && number.TryGetInt64(out var value) ? value : 0;

    public static string Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString() ?? "",
        JsonValueKind.Null or JsonValueKind.Undefined => "",
        JsonValueKind.True => "yes",
        JsonValueKind.False => "no",
        JsonValueKind.Number => value.GetRawText(),
        JsonValueKind.Array => string.Join(", ", value.EnumerateArray().Select(Text)),
        _ => string.Join(" ", value.EnumerateObject().Where(p => p.Value.ValueKind != JsonValueKind.Null).Select(p => $"{p.Name}:{Text(p.Value)}")),
    };

    /// <summary>Bytes as a person reads them; empty when unknown.</summary>
    public static string Bytes(this JsonElement element, string name)
    {
        if (element.Part(name) is not { ValueKind: JsonValueKind.Number } number || !number.TryGetInt64(out var bytes))
        {
            return "";
        }

        var unit = 0;
        double shown = bytes;
        for (; shown >= 1024 && unit < 5; unit++)
        {
            shown /= 1024;
        }

        return unit == 0
            ? string.Create(CultureInfo.InvariantCulture, $"{bytes} B")
            : string.Create(CultureInfo.InvariantCulture, $"{shown:0.0} {"KMGTP"[unit - 1]}iB");
    }
}
