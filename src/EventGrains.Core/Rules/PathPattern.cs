using System.Collections.Immutable;

namespace EventGrains.Rules;

/// <summary>
/// A glob over paths. <c>*</c> (any characters, also none) and <c>?</c> (one character) stay within one part; <c>**</c> stands
/// for whole parts, none or more, and at the end for one or more: <c>/a/**</c> is everything below <c>/a</c>, not <c>/a</c>;
/// <c>{name}</c> captures one or more characters within one part. <c>\</c> takes the next character as it is.
/// </summary>
/// <remarks>
/// Captures and stars take as few characters as they can, the leftmost first: <c>{run}-{n}</c> finds in <c>a-b-c</c> the run
/// <c>a</c> and the n <c>b-c</c>. So the first place where a piece fits is the right one, only the last star ever has to be
/// tried again, and matching takes at most (length of path x length of pattern) steps whatever either holds.
/// Matching allocates nothing. Case matters. Equal when written alike.
/// </remarks>
public sealed class PathPattern : IEquatable<PathPattern>
{
    /// <summary>The longest pattern, in characters; with it the work of one match is bounded.</summary>
    public const int LengthMax = 1024;

    /// <summary>The most captures of one pattern.</summary>
    public const int CapturesMax = 16;

    private readonly PatternPart[] parts;
    private readonly int lastAcross;
    private readonly bool ofPaths;

    /// <summary>What every match begins and ends with; nearly all mismatches end at these two comparisons.</summary>
    private readonly string head;
    private readonly string tail;

    /// <summary>What stands before the first character that means more than itself: where an index over paths begins to look. Too short would only be slower.</summary>
    public string LiteralBeginning
    {
        get
        {
            var special = Text.AsSpan().IndexOfAny("*?{[\\");
            return special < 0 ? Text : Text[..special];
        }
    }

    /// <exception cref="RuleFormatException">The text is no pattern for paths; the message names the character, counted from 1.</exception>
    public PathPattern(string text)
        : this(text, ofPaths: true)
    {
    }

    private PathPattern(string text, bool ofPaths)
    {
        var reader = new PatternReader(text, ofPaths);
        (Text, this.ofPaths) = (text, ofPaths);
        parts = reader.ReadParts();
        lastAcross = Array.FindLastIndex(parts, p => p.IsAcross);
        Captures = reader.Captures;
        head = HeadOf(parts, ofPaths);
        tail = parts[^1].Tail;
        LiteralPrefix = head[..(head.LastIndexOf('/') + 1)];
    }

    public string Text { get; }

    /// <summary>The names of the captures, from left to right; each stands once.</summary>
    public ImmutableArray<string> Captures { get; }

    /// <summary>The longest directory that all matches lie in, ending in <c>/</c>: where to begin in an index that is sorted by path. Empty for a pattern of names without one.</summary>
    public string LiteralPrefix { get; }

    /// <summary>A pattern for names, which have no leading <c>/</c>: datasets.</summary>
    /// <exception cref="RuleFormatException">The text is no pattern.</exception>
    public static PathPattern ForNames(string text) => new(text, ofPaths: false);

    public bool IsMatch(ReadOnlySpan<char> path) => Match(path, captures: []);

    /// <inheritdoc cref="IsMatch(ReadOnlySpan{char})"/>
    public bool IsMatch(string path) => Match(path, captures: []);

    /// <summary>Fills <paramref name="template"/>, such as <c>run-{run}</c>, from what the pattern captures in <paramref name="path"/>; null when the path does not match.</summary>
    /// <exception cref="RuleFormatException">The template is malformed or names a capture that the pattern does not have.</exception>
    public string? Fill(string template, string path) => new CaptureTemplate(template, this).Fill(path);

    public bool Equals(PathPattern? other) => other is not null && other.Text == Text && other.ofPaths == ofPaths;

    public override bool Equals(object? obj) => Equals(obj as PathPattern);

    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => Text;

    /// <summary>False only if no text that begins with <paramref name="start"/> can match.</summary>
    internal bool MayBeginWith(string start) =>
        head.StartsWith(start, StringComparison.Ordinal) || start.StartsWith(head, StringComparison.Ordinal);

    /// <summary>The first check of a match, and all that most mismatches cost.</summary>
    internal bool HasEndsOf(ReadOnlySpan<char> path) =>
        path.StartsWith(head, StringComparison.Ordinal) && path.EndsWith(tail, StringComparison.Ordinal);

    /// <param name="captures">Empty, or one place per capture: where in the path each was found, if all matched.</param>
    internal bool Match(ReadOnlySpan<char> path, Span<Range> captures)
    {
        if (!HasEndsOf(path))
        {
            return false;
        }

        // `at` is where the next part of the path begins; past the path's end there is none left.
        var (at, part) = (ofPaths ? 1 : 0, 0);
        var (retryAt, retryPart) = (0, -1);
        while (true)
        {
            if (part < parts.Length && parts[part].IsAcross)
            {
                if (part == parts.Length - 1)
                {
                    return at <= path.Length;
                }

                part++;
                if (part <= lastAcross)
                {
                    (retryAt, retryPart) = (at, part);
                    continue;
                }

                // Behind the last ** the parts are counted from the end, so that nothing has to be tried again.
                retryPart = -1;
                at = StartOfLast(parts.Length - part, path, least: at);
                if (at < 0)
                {
                    return false;
                }
            }

            if (part == parts.Length && at > path.Length)
            {
                return true;
            }

            if (part < parts.Length && at <= path.Length)
            {
                var end = EndOfPart(path, at);
                if (parts[part].IsMatch(path[at..end], at, captures))
                {
                    (at, part) = (end + 1, part + 1);
                    continue;
                }
            }

            // The last ** takes one part more, if there is one.
            if (retryPart < 0 || retryAt > path.Length)
            {
                return false;
            }

            retryAt = EndOfPart(path, retryAt) + 1;
            (at, part) = (retryAt, retryPart);
        }
    }

    /// <summary>Where the last <paramref name="count"/> parts of the path begin; -1 when that is before <paramref name="least"/>.</summary>
    private static int StartOfLast(int count, ReadOnlySpan<char> path, int least)
    {
        var start = path.Length + 1;
        for (; count > 0 && start > least; count--)
        {
            start = path[..(start - 1)].LastIndexOf('/') + 1;
        }

        return count == 0 && start >= least ? start : -1;
    }

    private static int EndOfPart(ReadOnlySpan<char> path, int at)
    {
        var length = path[at..].IndexOf('/');
        return length < 0 ? path.Length : at + length;
    }

    private static string HeadOf(PatternPart[] parts, bool ofPaths)
    {
        var head = ofPaths ? "/" : "";
        for (var i = 0; i < parts.Length && !parts[i].IsAcross; i++)
        {
            head += parts[i].Head;
            if (!parts[i].IsLiteral || i == parts.Length - 1)
            {
                return head;
            }

            head += '/';
        }

        return head;
    }
}
