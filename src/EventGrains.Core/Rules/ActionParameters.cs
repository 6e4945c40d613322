using System.Collections.Immutable;
using System.Text.Json;

namespace EventGrains.Rules;

/// <summary>Reads a step's parameters back from the JSON that the lint wrote.</summary>
internal sealed class ActionParameters : IDisposable
{
    private readonly string action;
    private readonly JsonDocument document;

    public ActionParameters(string action, string json)
    {
        this.action = action;
        try
        {
            document = JsonDocument.Parse(json);
        }
        catch (JsonException e)
        {
            throw Wrong(action, $"has parameters that are no JSON ({e.Message})");
        }

        if (document.RootElement.ValueKind != JsonValueKind.Object)
        {
            document.Dispose();
            throw Wrong(action, "has parameters that are no JSON object");
        }
    }

    public static RuleFormatException Wrong(string field, string what) => new($"{field} {what}", "check the rule with `eventgrains rule lint`");

    public string? Text(string key)
    {
        if (!document.RootElement.TryGetProperty(key, out var value))
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.String ? value.GetString() : throw Wrong($"{action}.{key}", "is no text");
    }

    public ImmutableArray<T>? List<T>(string key, Func<JsonElement, T> read)
    {
        if (!document.RootElement.TryGetProperty(key, out var value))
        {
            return null;
        }

        try
        {
            return [.. value.EnumerateArray().Select(read)];
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException)
        {
            throw Wrong($"{action}.{key}", "is no list of the right type");
        }
    }

    public void Dispose() => document.Dispose();
}
