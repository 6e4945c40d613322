using System.Buffers;
using System.Globalization;
using System.Text;

namespace EventGrains.Files;

/// <summary>A name as it crosses from silo to silo. Names are bytes: what is no UTF-8 we hold as lone surrogates, and Orleans, which writes UTF-8, would make a question mark of each.</summary>
/// <remarks>Nearly every name is its own wire text, and then nothing is copied. In others a lone surrogate is written as <see cref="Mark"/> and four hexadecimal digits, the mark itself likewise.</remarks>
public static class WireText
{
    /// <summary>A code point that Unicode gives to nobody, so that names hold it only to try us.</summary>
    private const char Mark = '\uFDD0';

    private static readonly SearchValues<char> Suspicious = SearchValues.Create([Mark, .. Enumerable.Range(0xD800, 0x800).Select(c => (char)c)]);

    public static string? Of(string? name)
    {
        if (name is null || !name.AsSpan().ContainsAny(Suspicious))
        {
            return name;
        }

        var text = new StringBuilder(name.Length + 8);
        for (var i = 0; i < name.Length; i++)
        {
            if (char.IsHighSurrogate(name[i]) && i + 1 < name.Length && char.IsLowSurrogate(name[i + 1]))
            {
                text.Append(name, i++, 2);
            }
            else if (char.IsSurrogate(name[i]) || name[i] == Mark)
            {
                text.Append(Mark).Append(((int)name[i]).ToString("X4", CultureInfo.InvariantCulture));
            }
            else
            {
                text.Append(name[i]);
            }
        }

        return text.ToString();
    }

    /// <summary>The name that <see cref="Of"/> wrote.</summary>
    public static string? Back(string? wire)
    {
        if (wire is null || !wire.Contains(Mark, StringComparison.Ordinal))
        {
            return wire;
        }

        var text = new StringBuilder(wire.Length);
        for (var i = 0; i < wire.Length; i++)
        {
            if (wire[i] == Mark && i + 4 < wire.Length && ushort.TryParse(wire.AsSpan(i + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code))
            {
                text.Append((char)code);
                i += 4;
            }
            else
            {
                text.Append(wire[i]);
            }
        }

        return text.ToString();
    }
}
