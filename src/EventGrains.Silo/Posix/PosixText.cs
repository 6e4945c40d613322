using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Unicode;

namespace EventGrains.Silo.Posix;

/// <summary>Names are bytes to the system and text to us; both ways without loss, also where the bytes are no UTF-8.</summary>
/// <remarks>
/// A byte 0x80..0xFF that is no part of valid UTF-8 stands in the text as the lone surrogate U+DC80..U+DCFF, which valid UTF-8 never decodes to.
/// Whoever writes such text as UTF-8 must keep lone surrogates (three bytes each), or two different names become one.
/// </remarks>
internal static class PosixText
{
    private const char EscapeFirst = '\uDC80';
    private const char EscapeLast = '\uDCFF';

    public static string Decode(ReadOnlySpan<byte> name)
    {
        if (Utf8.IsValid(name))
        {
            return Encoding.UTF8.GetString(name);
        }

        var text = new StringBuilder(name.Length);
        while (!name.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(name, out var rune, out var length) == OperationStatus.Done)
            {
                text.Append(rune.ToString());
            }
            else
            {
                // The decoder consumes the longest invalid prefix; each of its bytes stands for itself.
                for (var i = 0; i < length; i++)
                {
                    text.Append((char)(0xDC00 + name[i]));
                }
            }

            name = name[length..];
        }

        return text.ToString();
    }

    /// <summary>The bytes of a name, ended by a NUL.</summary>
    /// <exception cref="ArgumentException">The text holds a NUL or a surrogate that stands for no byte; such a name cannot exist.</exception>
    public static byte[] Encode(string text) =>
        TryEncode(text, out var bytes) ? bytes : throw new ArgumentException($"'{Show(text)}' holds a NUL or a broken surrogate and names no file");

    /// <summary>False for a text that no name decodes to.</summary>
    public static bool TryEncode(string text, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = new byte[Encoding.UTF8.GetMaxByteCount(text.Length) + 1];
        var length = 0;
        for (var rest = text.AsSpan(); !rest.IsEmpty;)
        {
            if (rest[0] is >= EscapeFirst and <= EscapeLast)
            {
                bytes[length++] = (byte)(rest[0] - 0xDC00);
                rest = rest[1..];
                continue;
            }

            if (Rune.DecodeFromUtf16(rest, out var rune, out var consumed) != OperationStatus.Done || rune.Value == 0)
            {
                bytes = null;
                return false;
            }

            length += rune.EncodeToUtf8(bytes.AsSpan(length));
            rest = rest[consumed..];
        }

        Array.Resize(ref bytes, length + 1);
        return true;
    }

    /// <summary>For messages: control characters and bytes that are no UTF-8 are written as <c>\xHH</c>, so that a name breaks no output.</summary>
    public static string Show(string text)
    {
        var shown = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                shown.Append(c).Append(text[++i]);
            }
            else if (char.IsControl(c) || char.IsSurrogate(c))
            {
                shown.Append($"\\x{c & 0xFF:x2}");
            }
            else
            {
                shown.Append(c);
            }
        }

        return shown.ToString();
    }
}
