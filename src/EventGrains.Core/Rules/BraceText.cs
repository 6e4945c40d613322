using System.Text;

namespace EventGrains.Rules;

/// <summary>Reads a text into what stands as it is and the names in braces. <c>{{</c> and <c>}}</c> are the braces themselves.</summary>
internal static class BraceText
{
    /// <exception cref="RuleFormatException">A brace without its fellow; the message names the character, counted from 1.</exception>
    public static List<(string? Literal, string? Name)> Read(string text)
    {
        var pieces = new List<(string?, string?)>();
        var literal = new StringBuilder();
        for (var at = 0; at < text.Length; at++)
        {
            var c = text[at];
            if (c is not ('{' or '}'))
            {
                literal.Append(c);
            }
            else if (at + 1 < text.Length && text[at + 1] == c)
            {
                literal.Append(c);
                at++;
            }
            else
            {
                var length = c == '{' ? text.AsSpan(at + 1).IndexOfAny('{', '}') : -1;
                if (length < 0 || text[at + 1 + length] == '{')
                {
                    throw new RuleFormatException($"{Quote.Text(text)} has a lone '{c}' at character {at + 1}", "write {{ and }} for the braces themselves");
                }

                Flush(literal, pieces);
                pieces.Add((null, text.Substring(at + 1, length)));
                at += 1 + length;
            }
        }

        Flush(literal, pieces);
        return pieces;
    }

    private static void Flush(StringBuilder literal, List<(string?, string?)> pieces)
    {
        if (literal.Length > 0)
        {
            pieces.Add((literal.ToString(), null));
            literal.Clear();
        }
    }
}
