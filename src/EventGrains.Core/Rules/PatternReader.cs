using System.Collections.Immutable;
using System.Text;

namespace EventGrains.Rules;

/// <summary>Reads the text of a <see cref="PathPattern"/> into its parts.</summary>
internal ref struct PatternReader
{
    private readonly string text;
    private readonly ImmutableArray<string>.Builder captures = ImmutableArray.CreateBuilder<string>();
    private int at;

    public PatternReader(string text, bool ofPaths)
    {
        this.text = text;
        if (text.Length == 0)
        {
            throw new RuleFormatException("the pattern is empty", ofPaths ? "write a path such as /runs/**" : "write a name such as run-*");
        }

        if (text.Length > PathPattern.LengthMax)
        {
            throw new RuleFormatException($"the pattern has {text.Length} characters", $"write at most {PathPattern.LengthMax}");
        }

        if (ofPaths && text[0] != '/' && !text.StartsWith("**", StringComparison.Ordinal))
        {
            throw new RuleFormatException($"pattern {Quote.Text(text)} is relative at character 1", $"begin it with / or **, as in '/{(Quote.IsPlain(text) ? text : "runs/**")}'");
        }

        at = ofPaths && text[0] == '/' ? 1 : 0;
    }

    public readonly ImmutableArray<string> Captures => captures.ToImmutable();

    public PatternPart[] ReadParts()
    {
        var parts = new List<PatternPart>();
        while (true)
        {
            var part = ReadPart();

            // Two ** in a row say the same as one.
            if (!(part.IsAcross && parts is [.., { IsAcross: true }]))
            {
                parts.Add(part);
            }

            if (at == text.Length)
            {
                return [.. parts];
            }

            at++;
        }
    }

    private PatternPart ReadPart()
    {
        var pieces = new List<PatternPiece>();
        var literal = new StringBuilder();
        for (; at < text.Length && text[at] != '/'; at++)
        {
            if (text.AsSpan(at).StartsWith("**"))
            {
                return ReadAcross(isAlone: pieces.Count == 0 && literal.Length == 0);
            }

            var wildcard = text[at] switch
            {
                '*' => PatternPiece.AnyRun,
                '?' => PatternPiece.AnyOne,
                '{' => PatternPiece.Captured(ReadCapture()),
                '}' => throw Wrong("has a '}' without a '{'", @"write \} for the character itself"),
                _ => default(PatternPiece?),
            };
            if (wildcard is null)
            {
                literal.Append(ReadCharacter());
                continue;
            }

            Flush(literal, pieces);
            pieces.Add(wildcard.Value);
        }

        Flush(literal, pieces);
        return new PatternPart([.. pieces]);
    }

    private PatternPart ReadAcross(bool isAlone)
    {
        var isWhole = isAlone && (at + 2 == text.Length || text[at + 2] == '/');
        if (!isWhole)
        {
            throw Wrong("has a '**' beside other characters", "'**' stands for whole parts: write '**/*.h5', not '**.h5'");
        }

        at += 2;
        return PatternPart.Across;
    }

    /// <summary>Leaves <c>at</c> on the closing brace.</summary>
    private int ReadCapture()
    {
        var end = text.AsSpan(at + 1).IndexOfAny('{', '}', '/');
        if (end < 0 || text[at + 1 + end] != '}')
        {
            throw Wrong("has a '{' without its '}'", @"write {name}, or \{ for the character itself");
        }

        var name = text.Substring(at + 1, end);
        if (!IsCaptureName(name))
        {
            throw Wrong($"has the capture {Quote.Text(name)}", "name it with a letter, then letters, digits, '_' or '-', as in {run}");
        }

        if (captures.Contains(name))
        {
            throw Wrong($"captures '{name}' twice", "give each capture its own name");
        }

        if (captures.Count == PathPattern.CapturesMax)
        {
            throw Wrong($"has more than {PathPattern.CapturesMax} captures", "write * where the text is not used");
        }

        captures.Add(name);
        at += 1 + end;
        return captures.Count - 1;
    }

    private char ReadCharacter()
    {
        if (text[at] != '\\')
        {
            return text[at];
        }

        if (at + 1 == text.Length || text[at + 1] == '/')
        {
            throw Wrong(@"has a '\' before nothing", @"write \\ for the character itself");
        }

        return text[++at];
    }

    private static void Flush(StringBuilder literal, List<PatternPiece> pieces)
    {
        if (literal.Length > 0)
        {
            pieces.Add(PatternPiece.Of(literal.ToString()));
            literal.Clear();
        }
    }

    private static bool IsCaptureName(string name) =>
        name.Length is > 0 and <= 64 && char.IsAsciiLetter(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-');

    private readonly RuleFormatException Wrong(string what, string remedy) =>
        new($"pattern {Quote.Text(text)} {what} at character {at + 1}", remedy);
}
