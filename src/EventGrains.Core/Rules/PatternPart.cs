namespace EventGrains.Rules;

/// <summary>A piece of one part of a pattern: the characters themselves, any one character, or any run of them.</summary>
/// <param name="Literal">The characters; null for a wildcard.</param>
/// <param name="IsRun">Any number of characters; otherwise, without a literal, exactly one.</param>
/// <param name="Capture">The number of the capture that a run fills, which is then one character at least; -1 for none.</param>
internal readonly record struct PatternPiece(string? Literal, bool IsRun, int Capture)
{
    public static PatternPiece Of(string literal) => new(literal, IsRun: false, Capture: -1);

    public static readonly PatternPiece AnyOne = new(null, IsRun: false, Capture: -1);

    public static readonly PatternPiece AnyRun = new(null, IsRun: true, Capture: -1);

    public static PatternPiece Captured(int capture) => new(null, IsRun: true, capture);
}

/// <summary>What stands between two slashes of a pattern.</summary>
internal sealed class PatternPart(PatternPiece[] pieces, bool isAcross = false)
{
    /// <summary><c>**</c>: any number of whole parts.</summary>
    public static readonly PatternPart Across = new([], isAcross: true);

    public bool IsAcross { get; } = isAcross;

    public bool IsLiteral { get; } = !isAcross && pieces is [] or [{ Literal: not null }];

    /// <summary>The characters with which a match begins.</summary>
    public string Head { get; } = pieces is [{ Literal: { } first }, ..] ? first : "";

    /// <summary>The characters with which a match ends.</summary>
    public string Tail { get; } = pieces is [.., { Literal: { } last }] ? last : "";

    /// <param name="part">One part of a path.</param>
    /// <param name="offset">Where the part begins in the path, for <paramref name="captures"/>.</param>
    public bool IsMatch(ReadOnlySpan<char> part, int offset, Span<Range> captures)
    {
        if (IsLiteral)
        {
            return part.SequenceEqual(Head);
        }

        // The run that was met last, where it began, and up to where it goes so far.
        var (run, runAt, runEnd) = (-1, 0, 0);
        for (int piece = 0, at = 0; ;)
        {
            if (piece < pieces.Length && pieces[piece].IsRun)
            {
                if (pieces[piece].Capture >= 0 && at == part.Length)
                {
                    return false;
                }

                (run, runAt) = (piece, at);
                runEnd = pieces[run].Capture < 0 ? at : at + LengthOfCharacter(part, at);
                if (pieces.Length - run <= 2 && pieces[^1].Literal is var last && (last is not null || run == pieces.Length - 1))
                {
                    return EndsWith(last, part, offset, pieces[run].Capture, runAt, runEnd, captures);
                }
            }
            else if (piece == pieces.Length && at == part.Length)
            {
                return true;
            }
            else if (piece < pieces.Length && LengthOfMatch(pieces[piece], part, at) is > 0 and var length)
            {
                (piece, at) = (piece + 1, at + length);
                continue;
            }
            else if (run < 0 || runEnd == part.Length)
            {
                return false;
            }
            else
            {
                runEnd += LengthOfCharacter(part, runEnd);
            }

            // The run goes at least to where the next piece can begin.
            if (pieces[run + 1].Literal is { } next)
            {
                var gap = part[runEnd..].IndexOf(next, StringComparison.Ordinal);
                if (gap < 0)
                {
                    return false;
                }

                runEnd += gap;
            }

            Keep(captures, pieces[run].Capture, offset, runAt, runEnd);
            (piece, at) = (run + 1, runEnd);
        }
    }

    /// <summary>The run is last, or a literal alone follows it: where it ends is given by the part's end, and nothing has to be tried.</summary>
    private static bool EndsWith(string? last, ReadOnlySpan<char> part, int offset, int capture, int runAt, int runEnd, Span<Range> captures)
    {
        var end = part.Length - (last?.Length ?? 0);
        if (end < runEnd || !part.EndsWith(last, StringComparison.Ordinal))
        {
            return false;
        }

        Keep(captures, capture, offset, runAt, end);
        return true;
    }

    private static int LengthOfMatch(in PatternPiece piece, ReadOnlySpan<char> part, int at) =>
        piece.Literal is { } literal
            ? part[at..].StartsWith(literal, StringComparison.Ordinal) ? literal.Length : 0
            : at < part.Length ? LengthOfCharacter(part, at) : 0;

    /// <summary>A character outside the basic plane is two <see cref="char"/>s and still one character to whoever writes a <c>?</c>.</summary>
    private static int LengthOfCharacter(ReadOnlySpan<char> part, int at) =>
        at + 1 < part.Length && char.IsSurrogatePair(part[at], part[at + 1]) ? 2 : 1;

    private static void Keep(Span<Range> captures, int capture, int offset, int from, int to)
    {
        if (capture >= 0 && !captures.IsEmpty)
        {
            captures[capture] = (offset + from)..(offset + to);
        }
    }
}
