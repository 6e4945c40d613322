namespace EventGrains.Rules;

/// <summary>Which sizes are meant, in bytes, both ends included; null leaves an end open.</summary>
public readonly record struct SizeRange(long? Min, long? Max)
{
    private const string Remedy = "write a comparison such as \">=1MiB\", \"<10GB\" or \"1MiB..1GiB\"";

    /// <summary>Reads <c>&gt;=1MiB</c>, <c>&gt;1MiB</c>, <c>&lt;=10GB</c>, <c>&lt;10GB</c>, <c>=0B</c> or <c>1MiB..1GiB</c>.</summary>
    /// <exception cref="RuleFormatException">The text is none of these, or no size can satisfy it.</exception>
    public static SizeRange Parse(string text)
    {
        var written = text.Trim(' ');
        if (written.Split("..") is [var least, var greatest])
        {
            var range = new SizeRange(SizeText.Parse(least), SizeText.Parse(greatest));
            return range.Min <= range.Max ? range : throw Empty(text);
        }

        var sign = string.Concat(written.TakeWhile(c => c is '<' or '>' or '='));
        if (sign is not (">=" or ">" or "<=" or "<" or "="))
        {
            throw new RuleFormatException($"{Quote.Text(text)} is no comparison of sizes", Remedy);
        }

        var size = SizeText.Parse(written[sign.Length..]);
        return sign switch
        {
            ">=" => new SizeRange(size, null),
            ">" when size < long.MaxValue => new SizeRange(size + 1, null),
            "<=" => new SizeRange(null, size),
            "<" when size > 0 => new SizeRange(null, size - 1),
            "=" => new SizeRange(size, size),
            _ => throw Empty(text),
        };
    }

    public bool Contains(long bytes) => !(bytes < Min) && !(bytes > Max);

    private static RuleFormatException Empty(string text) => new($"no size can be {Quote.Text(text)}", Remedy);
}
