using System.Text;

namespace EventGrains.Cli.Client;

/// <summary>Builds a path with its query; names without a value are left out, lists repeat their name.</summary>
internal sealed class QueryText(string path)
{
    private readonly StringBuilder text = new(path);
    private bool any = path.Contains('?', StringComparison.Ordinal);

    public QueryText Add(string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            text.Append(any ? '&' : '?').Append(name).Append('=').Append(Uri.EscapeDataString(value));
            any = true;
        }

        return this;
    }

    public QueryText Add(string name, IEnumerable<string>? values)
    {
        foreach (var value in values ?? [])
        {
            Add(name, value);
        }

        return this;
    }

    public override string ToString() => text.ToString();
}
