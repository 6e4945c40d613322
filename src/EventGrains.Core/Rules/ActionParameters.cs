using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using EventGrains.Files;

namespace EventGrains.Rules;

/// <summary>What <c>replicate</c> is told: copy the file to the storage <paramref name="To"/>, at the path that <paramref name="PathTemplate"/> makes.</summary>
/// <param name="PathTemplate">See <see cref="PlaceholderTemplate.ForReplicaPath"/>; by default the file's own path.</param>
/// <param name="Match">The rule's <c>when.path</c>, when the template uses its captures; otherwise null.</param>
public sealed record ReplicateParameters(string To, string PathTemplate, string? Match = null)
{
    public const string PathDefault = "{path}";

    /// <summary>Not written by users: the rule's <c>when.path</c> travels under it.</summary>
    internal const string MatchKey = "match";

    /// <exception cref="RuleFormatException">Not the parameters of a replicate step; the message names the field.</exception>
    public static ReplicateParameters Read(string parametersJson)
    {
        using var parameters = new ActionParameters("replicate", parametersJson);
        return new ReplicateParameters(
            parameters.Text("to") ?? throw ActionParameters.Wrong("replicate.to", "is missing"),
            parameters.Text("path") ?? PathDefault,
            parameters.Text(MatchKey));
    }

    /// <summary>Where the copy of this file belongs in the target storage.</summary>
    /// <param name="path">Absolute (below the storage's root) and normalised; never holds a <c>..</c> part.</param>
    /// <param name="error">The field and why it cannot be filled for this file.</param>
    public bool TryFillPath(FileState file, Definitions definitions, [NotNullWhen(true)] out string? path, [NotNullWhen(false)] out string? error) =>
        PlaceholderTemplate.ForReplicaPath(PathTemplate, Match is null ? null : new PathPattern(Match)).TryFill(file, definitions, out path, out error);
}

/// <summary>What <c>run</c> is told.</summary>
/// <param name="Command">The program and its arguments, each a template (<see cref="PlaceholderTemplate.ForArgument"/>); never a shell's line.</param>
/// <param name="Timeout">At this the command's process group is ended.</param>
/// <param name="SuccessExitCodes">All others are failures.</param>
public sealed record RunParameters(ImmutableArray<string> Command, TimeSpan Timeout, ImmutableArray<int> SuccessExitCodes)
{
    public static readonly TimeSpan TimeoutDefault = TimeSpan.FromMinutes(10);

    /// <summary>The longest time limit of a command.</summary>
    public static readonly TimeSpan TimeoutMax = TimeSpan.FromDays(7);

    /// <exception cref="RuleFormatException">Not the parameters of a run step; the message names the field.</exception>
    public static RunParameters Read(string parametersJson)
    {
        using var parameters = new ActionParameters("run", parametersJson);
        return new RunParameters(
            parameters.List("command", item => item.GetString()!) ?? throw ActionParameters.Wrong("run.command", "is missing"),
            parameters.Text("timeout") is { } timeout ? ReadTimeout(timeout) : TimeoutDefault,
            parameters.List("successExitCodes", item => item.GetInt32()) ?? [0]);
    }

    /// <summary>The program and its arguments for this file.</summary>
    /// <param name="error">The argument and why it cannot be filled for this file.</param>
    public bool TryFillCommand(FileState file, Definitions definitions, out ImmutableArray<string> command, [NotNullWhen(false)] out string? error)
    {
        var filled = ImmutableArray.CreateBuilder<string>(Command.Length);
        foreach (var argument in Command)
        {
            if (!PlaceholderTemplate.ForArgument(argument).TryFill(file, definitions, out var text, out error))
            {
                command = [];
                return false;
            }

            filled.Add(text);
        }

        (command, error) = (filled.MoveToImmutable(), null);
        return true;
    }

    internal static TimeSpan ReadTimeout(string text)
    {
        var timeout = DurationText.Parse(text);
        return timeout > TimeSpan.Zero && timeout <= TimeoutMax
            ? timeout
            : throw new RuleFormatException($"{Quote.Text(text)} is no time limit", $"write a duration from 1ms to {DurationText.Format(TimeoutMax)}");
    }
}

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
