using CsCheck;
using EventGrains.Rules;

namespace EventGrains.Tests.Rules;

/// <summary>The matcher against a slow one that tries everything, in the order that the contract states: fewest characters first, from the left.</summary>
public sealed class PathPatternProperties
{
    // Few characters and many signs on purpose: near misses are the interesting case.
    private static readonly Gen<string> Part = OneOf("a", "b", "?", "*", "{", "ab", "-", "\U0001F600").Array[0, 5].Select(string.Concat);

    private static readonly Gen<string> Pattern =
        Gen.Frequency((3, Part), (1, Gen.Const("**"))).Array[1, 6].Select(parts => "/" + string.Join('/', parts));

    private static readonly Gen<string> Path =
        OneOf("a", "b", "-", "ab", "\U0001F600").Array[0, 5].Select(string.Concat).Array[1, 6].Select(parts => "/" + string.Join('/', parts));

    [Fact]
    public void The_matcher_agrees_with_one_that_tries_everything() =>
        Gen.Select(Pattern, Path).Sample(
            (raw, path) =>
            {
                var (pattern, captures) = NamedCaptures(raw);
                var expected = Slow(pattern.Split('/').AsSpan(1), path.Split('/').AsSpan(1));
                var fast = new PathPattern(pattern);

                Assert.Equal(expected is not null, fast.IsMatch(path));
                Assert.Equal(expected is null ? null : string.Join('|', expected), fast.Fill(string.Join('|', captures.Select(c => $"{{{c}}}")), path));
            },
            iter: 20_000);

    [Fact]
    public void Every_match_begins_with_the_literal_prefix_and_every_literal_path_matches_itself() =>
        Gen.Select(Pattern, Path).Sample(
            (raw, path) =>
            {
                var pattern = new PathPattern(NamedCaptures(raw).Pattern);

                Assert.EndsWith("/", pattern.LiteralPrefix, StringComparison.Ordinal);
                Assert.True(!pattern.IsMatch(path) || path.StartsWith(pattern.LiteralPrefix, StringComparison.Ordinal));
                Assert.True(new PathPattern(path).IsMatch(path));
            },
            iter: 5_000);

    private static Gen<string> OneOf(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(i => texts[i]);

    /// <summary>A lone <c>{</c> of the generator becomes a capture; two stars within a part become one.</summary>
    private static (string Pattern, List<string> Captures) NamedCaptures(string raw)
    {
        var captures = new List<string>();
        var parts = raw.Split('/').Select(part =>
        {
            while (part != "**" && part.Contains("**", StringComparison.Ordinal))
            {
                part = part.Replace("**", "*", StringComparison.Ordinal);
            }

            return string.Concat(part.Select(c =>
            {
                if (c != '{')
                {
                    return c.ToString();
                }

                captures.Add($"c{captures.Count}");
                return $"{{{captures[^1]}}}";
            }));
        });
        var pattern = string.Join('/', parts.ToList());
        return captures.Count <= PathPattern.CapturesMax ? (pattern, captures) : NamedCaptures(raw.Replace('{', 'a'));
    }

    /// <summary>The captured texts, or null.</summary>
    private static List<string>? Slow(ReadOnlySpan<string> pattern, ReadOnlySpan<string> path)
    {
        if (pattern.IsEmpty)
        {
            return path.IsEmpty ? [] : null;
        }

        if (pattern[0] == "**")
        {
            for (var taken = pattern.Length == 1 ? 1 : 0; taken <= path.Length; taken++)
            {
                if (Slow(pattern[1..], path[taken..]) is { } rest)
                {
                    return rest;
                }
            }

            return null;
        }

        if (path.IsEmpty || SlowPart(pattern[0], [.. path[0].EnumerateRunes().Select(r => r.ToString())]) is not { } first)
        {
            return null;
        }

        return Slow(pattern[1..], path[1..]) is { } others ? [.. first, .. others] : null;
    }

    private static List<string>? SlowPart(string pattern, ReadOnlySpan<string> part)
    {
        if (pattern.Length == 0)
        {
            return part.IsEmpty ? [] : null;
        }

        var sign = pattern[0] == '{' ? pattern[..(pattern.IndexOf('}', StringComparison.Ordinal) + 1)] : pattern.EnumerateRunes().First().ToString();
        var isRun = sign == "*" || sign[0] == '{';
        var (least, most) = isRun ? (sign == "*" ? 0 : 1, part.Length) : (1, Math.Min(1, part.Length));
        for (var taken = least; taken <= most; taken++)
        {
            if (!isRun && sign != "?" && sign != part[0])
            {
                return null;
            }

            if (SlowPart(pattern[sign.Length..], part[taken..]) is { } rest)
            {
                return sign[0] == '{' ? [string.Concat(part[..taken].ToArray()), .. rest] : rest;
            }
        }

        return null;
    }
}
