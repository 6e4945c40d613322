using System.Globalization;

namespace EventGrains.Rules;

/// <summary>Sizes in bytes as people write them: <c>512</c>, <c>10GB</c> (powers of 1000), <c>1MiB</c> (powers of 1024).</summary>
public static class SizeText
{
    private const string Remedy = "write a whole number with B, kB, MB, GB, TB, PB, KiB, MiB, GiB, TiB or PiB, such as 10GB or 1MiB";

    private static readonly (string Name, long Bytes)[] Units =
    [
        ("", 1),
        ("B", 1),
        ("kB", 1_000),
        ("KB", 1_000),
        ("MB", 1_000_000),
        ("GB", 1_000_000_000),
        ("TB", 1_000_000_000_000),
        ("PB", 1_000_000_000_000_000),
        ("KiB", 1L << 10),
        ("MiB", 1L << 20),
        ("GiB", 1L << 30),
        ("TiB", 1L << 40),
        ("PiB", 1L << 50),
    ];

    /// <returns>Bytes, not negative.</returns>
    /// <exception cref="RuleFormatException">The text is no size, or one beyond 2^63 - 1 bytes.</exception>
    public static long Parse(string text)
    {
        var written = text.AsSpan().Trim(' ');
        var digits = written.IndexOfAnyExceptInRange('0', '9');
        var number = digits < 0 ? written : written[..digits];
        var unitName = written[number.Length..].TrimStart(' ');
        var unit = -1;
        for (var i = 0; i < Units.Length && unit < 0; i++)
        {
            unit = unitName.SequenceEqual(Units[i].Name) ? i : -1;
        }

        if (number.IsEmpty || unit < 0)
        {
            throw new RuleFormatException($"{Quote.Text(text)} is no size", Remedy);
        }

        return long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count <= long.MaxValue / Units[unit].Bytes
            ? count * Units[unit].Bytes
            : throw new RuleFormatException($"{Quote.Text(text)} is more than 2^63 - 1 bytes", "write a smaller size");
    }
}
