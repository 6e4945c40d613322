using System.Text;

namespace EventGrains.Silo.Sources.Posix;

/// <summary>Names are bytes: turns them into text and back without loss, also where they are not UTF-8.</summary>
/// <remarks>
/// A byte 0x80..0xFF that is no part of valid UTF-8 becomes the lone surrogate U+DC80..U+DCFF, which valid UTF-8 never decodes to.
/// Whoever writes such text as UTF-8 must keep lone surrogates (three bytes each), or two different names become one.
/// </remarks>
internal static class PosixPath
{
    private const char EscapeFirst = '\uDC80';
    private const char EscapeLast = '\uDCFF';

    public static string Decode(ReadOnlySpan<byte> name)
    {
        if (System.Text.Unicode.Utf8.IsValid(name))
        {
            return Encoding.UTF8.GetString(name);
        }

        var text = new StringBuilder(name.Length);
        while (!name.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(name, out var rune, out var length) == System.Buffers.OperationStatus.Done)
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

    /// <summary>The bytes that <see cref="Decode"/> came from, with the NUL that the system calls want.</summary>
    public static byte[] Encode(string path)
    {
        var bytes = new byte[Encoding.UTF8.GetMaxByteCount(path.Length) + 1];
        var length = 0;
        for (var rest = path.AsSpan(); !rest.IsEmpty;)
        {
            if (Rune.DecodeFromUtf16(rest, out var rune, out var consumed) == System.Buffers.OperationStatus.Done)
            {
                length += rune.EncodeToUtf8(bytes.AsSpan(length));
            }
            else if (rest[0] is >= EscapeFirst and <= EscapeLast)
            {
                bytes[length++] = (byte)(rest[0] - 0xDC00);
                consumed = 1;
            }
            else
            {
                throw new ArgumentException($"the path holds U+{(int)rest[0]:X4}, which no file name decodes to", nameof(path));
            }

            rest = rest[consumed..];
        }

        return bytes[..(length + 1)];
    }

    /// <summary>The name that a person may be shown on one line: control characters and escaped bytes are written as <c>\xNN</c>.</summary>
    public static string Printable(string path) =>
        path.All(c => !char.IsControl(c) && c is not (>= EscapeFirst and <= EscapeLast))
            ? path
            : string.Concat(path.Select(c =>
                char.IsControl(c) ? $"\\x{(int)c:x2}" : c is >= EscapeFirst and <= EscapeLast ? $"\\x{c - 0xDC00:x2}" : c.ToString()));
}
