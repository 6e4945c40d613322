using System.Globalization;

namespace EventGrains.Rules;

/// <summary>Durations as people write them: <c>30s</c>, <c>10m</c>, <c>1h30m</c>, <c>2d</c>, <c>500ms</c>.</summary>
/// <remarks>Whole numbers with the units d, h, m, s, ms, the larger first, each at most once.</remarks>
public static class DurationText
{
    /// <summary>The longest that can be written: ten years of 365 days.</summary>
    public static readonly TimeSpan Max = TimeSpan.FromDays(3650);

    private static readonly (string Name, TimeSpan Length)[] Units =
    [
        ("d", TimeSpan.FromDays(1)),
        ("h", TimeSpan.FromHours(1)),
        ("m", TimeSpan.FromMinutes(1)),
        ("s", TimeSpan.FromSeconds(1)),
        ("ms", TimeSpan.FromMilliseconds(1)),
    ];

    /// <exception cref="RuleFormatException">The text is no duration, or one beyond <see cref="Max"/>.</exception>
    public static TimeSpan Parse(string text)
    {
        var total = TimeSpan.Zero;
        var unitsLeft = Units.AsSpan();
        var rest = text.AsSpan();
        do
        {
            var digits = rest.IndexOfAnyExceptInRange('0', '9');
            if (digits is not (> 0 and <= 9))
            {
                throw Wrong(text);
            }

            var number = long.Parse(rest[..digits], NumberStyles.None, CultureInfo.InvariantCulture);
            rest = rest[digits..];
            var letters = rest.IndexOfAnyInRange('0', '9');
            var unit = IndexOf(unitsLeft, letters < 0 ? rest : rest[..letters]);
            if (unit < 0)
            {
                throw Wrong(text);
            }

            if (number > (Max - total) / unitsLeft[unit].Length)
            {
                throw new RuleFormatException($"{Quote.Text(text)} is longer than {Max.TotalDays:0} days", "write a shorter duration");
            }

            total += number * unitsLeft[unit].Length;
            unitsLeft = unitsLeft[(unit + 1)..];
            rest = letters < 0 ? [] : rest[letters..];
        }
        while (!rest.IsEmpty);

        return total;
    }

    /// <summary>The shortest text that <see cref="Parse"/> reads as this duration; what is finer than a millisecond is cut.</summary>
    public static string Format(TimeSpan duration)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(duration, TimeSpan.Zero);
        var text = "";
        foreach (var (name, length) in Units)
        {
            var number = duration.Ticks / length.Ticks;
            text += number > 0 ? string.Create(CultureInfo.InvariantCulture, $"{number}{name}") : "";
            duration -= number * length;
        }

        return text.Length > 0 ? text : "0s";
    }

    private static int IndexOf(ReadOnlySpan<(string Name, TimeSpan Length)> units, ReadOnlySpan<char> name)
    {
        for (var i = 0; i < units.Length; i++)
        {
            if (name.SequenceEqual(units[i].Name))
            {
                return i;
            }
        }

        return -1;
    }

    private static RuleFormatException Wrong(string text) =>
        new($"{Quote.Text(text)} is no duration", "write whole numbers with d, h, m, s or ms, the larger unit first, such as 30s or 1h30m");
}
