using System.Runtime.CompilerServices;

namespace EventGrains.Rules;

/// <summary>A text with <c>{name}</c>s that a pattern's captures fill; <c>{{</c> and <c>}}</c> are the braces themselves.</summary>
internal sealed class CaptureTemplate
{
    /// <summary>A longer text is filled as well, with one more copy.</summary>
    private const int FilledLengthUsual = 128;

    private readonly PathPattern pattern;
    private readonly (string? Literal, int Capture)[] pieces;

    /// <exception cref="RuleFormatException">The text is malformed or names a capture that the pattern does not have.</exception>
    public CaptureTemplate(string text, PathPattern pattern)
    {
        this.pattern = pattern;
        pieces = [.. BraceText.Read(text).Select(p => (p.Literal, p.Name is null ? -1 : CaptureOf(p.Name, pattern)))];
    }

    /// <summary>Null when the path does not match, and then nothing was allocated.</summary>
    public string? Fill(string path)
    {
        if (!pattern.HasEndsOf(path))
        {
            return null;
        }

        Span<Range> found = stackalloc Range[PathPattern.CapturesMax];
        if (!pattern.Match(path, found))
        {
            return null;
        }

        if (pieces is [{ Literal: { } whole }])
        {
            return whole;
        }

        var filled = new DefaultInterpolatedStringHandler(0, 0, provider: null, stackalloc char[FilledLengthUsual]);
        foreach (var (literal, capture) in pieces)
        {
            filled.AppendFormatted(literal is null ? path.AsSpan(found[capture]) : literal);
        }

        return filled.ToStringAndClear();
    }

    private static int CaptureOf(string name, PathPattern pattern)
    {
        var capture = pattern.Captures.IndexOf(name);
        return capture >= 0
            ? capture
            : throw new RuleFormatException(
                $"{Quote.Text($"{{{name}}}")} is no capture of the pattern {Quote.Text(pattern.Text)}",
                pattern.Captures.IsEmpty ? "capture it there, as in /runs/{run}/**" : Similar.Remedy(name, pattern.Captures, "its captures are"));
    }
}
