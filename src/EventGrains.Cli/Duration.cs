using System.Globalization;
using System.Text.RegularExpressions;

namespace EventGrains.Cli;

/// <summary>A span of time as people write it: <c>500ms</c>, <c>30s</c>, <c>5m</c>, <c>2h</c>, <c>1d</c>; a number alone is seconds.</summary>
internal static partial class Duration
{
    /// <summary>Longer than any wait that makes sense, and short enough for every timer.</summary>
    public static readonly TimeSpan Max = TimeSpan.FromDays(30);

    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = default;
        var match = Form().Match(text);
        if (!match.Success || !double.TryParse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture, out var number))
        {
            return false;
        }

        var seconds = number * match.Groups[2].Value switch { "ms" => 0.001, "m" => 60, "h" => 3600, "d" => 86400, _ => 1 };
        if (seconds > Max.TotalSeconds)
        {
            return false;
        }

        duration = TimeSpan.FromSeconds(seconds);
        return true;
    }

    [GeneratedRegex(@"\A(\d{1,9}(?:\.\d{1,6})?)(ms|s|m|h|d)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
