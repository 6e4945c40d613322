using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using EventGrains.Files;

namespace EventGrains.Silo.Actions;

/// <summary>The one place where the two actions read their step's JSON and fill its placeholders.</summary>
internal static partial class StepParameters
{
    /// <summary>The path under the target storage when the rule names none: the same as under the source's.</summary>
    private const string SamePath = "{path}";

    private static readonly TimeSpan TimeoutDefault = TimeSpan.FromHours(1);

    public static (string To, string PathTemplate) ReadReplicate(string json) => Read("replicate", json, parameters => (
        Text(parameters, "to") ?? throw Missing("replicate", "to", "name a replica storage"),
        Text(parameters, "path") ?? SamePath));

    public static (ImmutableArray<string> Command, TimeSpan Timeout, ImmutableArray<int> SuccessExitCodes) ReadRun(string json) => Read("run", json, parameters =>
    {
        var command = parameters.TryGetProperty("command", out var words) ? words.EnumerateArray().Select(w => w.GetString()!).ToImmutableArray() : [];
        if (command.IsEmpty)
        {
            throw Missing("run", "command", "give the program and its arguments as a list");
        }

        var codes = parameters.TryGetProperty("successExitCodes", out var listed) ? listed.EnumerateArray().Select(c => c.GetInt32()).ToImmutableArray() : [0];
        return (command, parameters.TryGetProperty("timeout", out var timeout) ? Duration(timeout) : TimeoutDefault, codes);
    });

    /// <summary>Replaces each placeholder by what is known of the file; whatever a name contains stays within the one text.</summary>
    /// <exception cref="StepFailedException">A placeholder is unknown (final), or its value is not known yet.</exception>
    public static string Fill(string template, FileState file) => Placeholder().Replace(template, match => Value(match.Groups[1].Value, file));

    private static string Value(string name, FileState file) => name switch
    {
        "path" => file.Facts.Path.Value ?? throw NotKnown(name, "the file is not located yet"),
        "id" => file.Id.ToString(),
        "size" => file.Facts.Size.Bytes?.ToString(CultureInfo.InvariantCulture) ?? throw NotKnown(name, "no event told the file's size"),
        "storage" => file.Id.Storage,
        _ when name.StartsWith("replica.", StringComparison.Ordinal) && name.EndsWith(".path", StringComparison.Ordinal) && name.Length > 13 =>
            CopyPath(name, name[8..^5], file),
        _ => throw new StepFailedException($"{{{name}}} is no placeholder; use {{path}}, {{id}}, {{size}}, {{storage}} or {{replica.STORAGE.path}}", final: true),
    };

    private static string CopyPath(string name, string storage, FileState file)
    {
        foreach (var replica in file.Facts.Replicas)
        {
            if (replica.Storage == storage && replica.State == ReplicaState.Present && replica.Path is { } path)
            {
                return path;
            }
        }

        throw NotKnown(name, $"no copy is present at {storage}; let a replicate step come before");
    }

    private static T Read<T>(string action, string json, Func<JsonElement, T> read)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return read(document.RootElement);
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException or FormatException)
        {
            throw new StepFailedException($"the parameters of {action} cannot be read ({wrong.Message}); correct the rule", final: true, wrong);
        }
    }

    private static string? Text(JsonElement parameters, string name) => parameters.TryGetProperty(name, out var value) ? value.GetString() : null;

    /// <summary>Seconds as a number, or a number with <c>s</c>, <c>m</c> or <c>h</c>.</summary>
    private static TimeSpan Duration(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Number)
        {
            return TimeSpan.FromSeconds(value.GetDouble());
        }

        var text = value.GetString() ?? "";
        var seconds = text.LastOrDefault() switch { 's' => 1, 'm' => 60, 'h' => 3600, _ => throw new FormatException($"'{text}' is no duration; write 30s, 5m or 1h") };
        return TimeSpan.FromSeconds(seconds * double.Parse(text[..^1], CultureInfo.InvariantCulture));
    }

    private static StepFailedException Missing(string action, string field, string remedy) => new($"{action} has no '{field}'; {remedy}", final: true);

    private static StepFailedException NotKnown(string name, string reason) => new($"{{{name}}} cannot be filled: {reason}");

    [GeneratedRegex(@"\{([^{}]*)\}")]
    private static partial Regex Placeholder();
}
