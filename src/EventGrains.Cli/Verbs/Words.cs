using System.CommandLine;
using System.Text.Json;

namespace EventGrains.Cli.Verbs;

/// <summary>The words of the field, as JSON writes them, checked before anything is sent.</summary>
internal static class Words
{
    public static string[] All<T>()
        where T : struct, Enum =>
        Enum.GetNames<T>().Select(JsonNamingPolicy.CamelCase.ConvertName).ToArray();

    public static Option<string?> Option<T>(string name, string description)
        where T : struct, Enum =>
        new Option<string?>(name) { HelpName = string.Join('|', All<T>()), Description = description }.AcceptOnlyFromAmong(All<T>());
}
