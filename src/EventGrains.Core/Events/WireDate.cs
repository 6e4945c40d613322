using System.Buffers.Text;

namespace EventGrains.Events;

/// <summary>Reads an ISO 8601 date and time with an offset, as Java, Go and the cloud write it, into UTC.</summary>
/// <remarks>
/// Takes <c>2026-03-04T09:15[:02[.481…]](Z|±hh[[:]mm])</c>. Java cuts trailing zeros of the fraction, and seconds that are zero;
/// what is finer than 100 ns is cut; a leap second is the second after it. Without an offset there is no telling when it was: refused.
/// </remarks>
internal static class WireDate
{
    private const int FractionDigitsMax = 9;

    public static bool TryParse(ReadOnlySpan<byte> text, out DateTime utc)
    {
        utc = default;
        if (text.Length < 17
            || text[4] != '-' || text[7] != '-' || text[13] != ':'
            || (text[10] | 0x20) is not ('t' or ' ')
            || !Digits(text[..4], out var year) || !Digits(text.Slice(5, 2), out var month) || !Digits(text.Slice(8, 2), out var day)
            || !Digits(text.Slice(11, 2), out var hour) || !Digits(text.Slice(14, 2), out var minute))
        {
            return false;
        }

        if (year < 1 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month) || hour > 23 || minute > 59)
        {
            return false;
        }

        var rest = text[16..];
        if (!Seconds(ref rest, out var ticks) || !Offset(rest, out var offset))
        {
            return false;
        }

        ticks += new DateTime(year, month, day, hour, minute, 0, DateTimeKind.Utc).Ticks - offset;
        if (ticks < 0 || ticks > DateTime.MaxValue.Ticks)
        {
            return false;
        }

        utc = new DateTime(ticks, DateTimeKind.Utc);
        return true;
    }

    private static bool Seconds(ref ReadOnlySpan<byte> rest, out long ticks)
    {
        ticks = 0;
        if (rest[0] != ':')
        {
            return true;
        }

        if (rest.Length < 4 || !Digits(rest.Slice(1, 2), out var seconds) || seconds > 60)
        {
            return false;
        }

        ticks = seconds * TimeSpan.TicksPerSecond;
        rest = rest[3..];
        return rest[0] != '.' || Fraction(ref rest, ref ticks);
    }

    private static bool Fraction(ref ReadOnlySpan<byte> rest, ref long ticks)
    {
        var unit = TimeSpan.TicksPerSecond / 10;
        var length = 1;
        for (; length < rest.Length && rest[length] is >= (byte)'0' and <= (byte)'9'; length++, unit /= 10)
        {
            ticks += (rest[length] - '0') * unit;
        }

        rest = rest[length..];
        return length is > 1 and <= FractionDigitsMax + 1;
    }

    private static bool Offset(ReadOnlySpan<byte> rest, out long ticks)
    {
        ticks = 0;
        if (rest.Length == 1)
        {
            return (rest[0] | 0x20) == 'z';
        }

        if (rest.Length is not (3 or 5 or 6) || rest[0] is not ((byte)'+' or (byte)'-') || (rest.Length == 6 && rest[3] != ':'))
        {
            return false;
        }

        var minutes = 0;
        if (!Digits(rest.Slice(1, 2), out var hours) || (rest.Length > 3 && !Digits(rest[^2..], out minutes)) || hours > 18 || minutes > 59)
        {
            return false;
        }

        ticks = (hours * TimeSpan.TicksPerHour) + (minutes * TimeSpan.TicksPerMinute);
        ticks = rest[0] == '-' ? -ticks : ticks;
        return true;
    }

    private static bool Digits(ReadOnlySpan<byte> text, out int value) =>
        Utf8Parser.TryParse(text, out value, out var used) && used == text.Length && text[0] is >= (byte)'0' and <= (byte)'9';
}
