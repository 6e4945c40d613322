using System.Text.Json;

namespace EventGrains.Cli.Output;

/// <summary>A column of a table: its title, and what it shows of an item.</summary>
internal sealed record Column(string Title, Func<JsonElement, string> Value)
{
    public static Column Of(string name) => new(name.ToUpperInvariant(), item => item.Text(name));

    public static Column Of(string title, string name) => new(title, item => item.Text(name));
}
