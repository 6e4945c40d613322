using System.Text;

namespace EventGrains.Rules;

/// <summary>Shows what somebody wrote within a message of one line.</summary>
internal static class Quote
{
    /// <summary>How much of a text a message shows, in characters.</summary>
    public const int ShownMax = 80;

    /// <summary>The text in single quotes, control characters as escapes, and cut.</summary>
    public static string Text(string text)
    {
        var shown = new StringBuilder("'");
        foreach (var c in text.AsSpan(0, Math.Min(text.Length, ShownMax)))
        {
            _ = char.IsControl(c) || char.IsSurrogate(c) ? shown.Append($"\\u{(int)c:x4}") : shown.Append(c);
        }

        return shown.Append(text.Length > ShownMax ? "...'" : "'").ToString();
    }

    /// <summary>Whether a remedy may repeat the text as it is.</summary>
    public static bool IsPlain(string text) => text.Length <= ShownMax && text.All(c => c is > ' ' and < (char)127);

    public static string List(IEnumerable<string> names) => string.Join(", ", names);
}
