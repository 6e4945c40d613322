using System.Buffers;
using System.Text;

namespace EventGrains.Silo.Actions.Posix;

/// <summary>Names are bytes to the system and text to us: a byte that is no UTF-8 stands in the text as a lone surrogate, U+DC80 to U+DCFF.</summary>
internal static class PosixText
{
    /// <summary>The bytes of a name, ended by a NUL.</summary>
    /// <exception cref="ArgumentException">The text holds a NUL or a surrogate that stands for no byte; such a name cannot exist.</exception>
    public static byte[] Encode(string text)
    {
        var bytes = new byte[Encoding.UTF8.GetMaxByteCount(text.Length) + 1];
        var length = 0;
        for (var rest = text.AsSpan(); !rest.IsEmpty;)
        {
            if (rest[0] is >= '\uDC80' and <= '\uDCFF')
            {
                bytes[length++] = (byte)(rest[0] - 0xDC00);
                rest = rest[1..];
                continue;
            }

            if (Rune.DecodeFromUtf16(rest, out var rune, out var consumed) != OperationStatus.Done || rune.Value == 0)
            {
                throw new ArgumentException($"'{Show(text)}' holds a NUL or a broken surrogate and names no file");
            }

            length += rune.EncodeToUtf8(bytes.AsSpan(length));
            rest = rest[consumed..];
        }

        Array.Resize(ref bytes, length + 1);
        return bytes;
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
