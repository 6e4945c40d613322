using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using EventGrains.Cli.Output;

namespace EventGrains.Cli.Hosting;

/// <summary>Settings from one place. A later layer wins over an earlier one, key by key; a list is taken from one layer as a whole.</summary>
/// <param name="Origin">The place, as <c>config list</c> shows it.</param>
/// <param name="Values">Per key, case ignored, its values; one that is not a list has one.</param>
internal sealed record SettingsLayer(string Origin, IReadOnlyDictionary<string, IReadOnlyList<string>> Values)
{
    private const string Prefix = "EVENTGRAINS_";

    public static SettingsLayer Of(string origin, IConfiguration configuration)
    {
        var values = new Dictionary<string, IReadOnlyList<string>>(StringComparer.OrdinalIgnoreCase);
        foreach (var section in configuration.GetChildren())
        {
            var items = section.GetChildren().ToList();
            if (items.Count == 0)
            {
                values[section.Key] = [section.Value ?? ""];
                continue;
            }

            if (items.FirstOrDefault(i => i.Value is null || !int.TryParse(i.Key, NumberStyles.None, CultureInfo.InvariantCulture, out _)) is { } stranger)
            {
                throw new VerbFailure(ExitCode.Usage, $"{origin}: '{Printable.Of(stranger.Path)}' is nested; settings are plain keys with a value or a list of values.");
            }

            values[section.Key] = items.OrderBy(i => int.Parse(i.Key, CultureInfo.InvariantCulture)).Select(i => i.Value!).ToList();
        }

        return new SettingsLayer(origin, values);
    }

    public static SettingsLayer Of(string origin, params (string Key, IEnumerable<string> Values)[] values) => new(
        origin,
        values.ToDictionary(v => v.Key, v => (IReadOnlyList<string>)[.. v.Values], StringComparer.OrdinalIgnoreCase));

    public static SettingsLayer OfFile(Surroundings surroundings, string file)
    {
        var path = surroundings.PathOf(file);
        try
        {
            using var stream = File.OpenRead(path);
            return Of(file, new ConfigurationBuilder().AddJsonStream(stream).Build());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException or InvalidDataException or JsonException)
        {
            throw new VerbFailure(ExitCode.Usage, $"Cannot read --config '{Printable.Of(file)}': {e.Message}\nGive a file with one JSON object of settings; `eventgrains config list` shows the keys.", e);
        }
    }

    /// <summary><c>EVENTGRAINS_FILES_CACHED_MAX</c> is <c>filesCachedMax</c>; <c>EVENTGRAINS_RULES__0</c> the first of a list.</summary>
    public static SettingsLayer OfEnvironment(Surroundings surroundings)
    {
        var values = surroundings.Environment
            .Where(v => v.Key.StartsWith(Prefix, StringComparison.Ordinal) && !IsOfAnotherUse(v.Key[Prefix.Length..], v.Value))
            .Select(v => KeyValuePair.Create(
                v.Key[Prefix.Length..].Replace("__", ":", StringComparison.Ordinal).Replace("_", "", StringComparison.Ordinal),
                (string?)v.Value));
        return Of("environment", new ConfigurationBuilder().AddInMemoryCollection(values).Build());
    }

    public static SettingsLayer OfSets(IEnumerable<string> sets)
    {
        var values = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (var set in sets)
        {
            var equals = set.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
            {
                throw new VerbFailure(ExitCode.Usage, $"--set '{Printable.Of(set)}' sets nothing. Write --set KEY=VALUE, such as --set filesCachedMax=100000.");
            }

            values[set[..equals]] = set[(equals + 1)..];
        }

        return Of("--set", new ConfigurationBuilder().AddInMemoryCollection(values).Build());
    }

    /// <summary>The client's own; what commands of rules are given to see; the tests' own; and what Kubernetes sets for a service of our name.</summary>
    private static bool IsOfAnotherUse(string name, string? value) =>
        name is "SERVER" or "TOKEN" or "SHARED" or "REWRITE"
        || OtherPrefixes.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal))
        || (name == "PORT" && value?.Contains("://", StringComparison.Ordinal) == true);

    private static readonly string[] OtherPrefixes = ["FILE_", "TEST_", "SERVICE_", "PORT_"];
}
