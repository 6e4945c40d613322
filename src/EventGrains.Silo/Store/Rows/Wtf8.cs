using System.Text;
using System.Text.Unicode;

namespace EventGrains.Silo.Store.Rows;

/// <summary>UTF-8 that also carries a lone surrogate, as three bytes: a name from the outside must not stop a commit.</summary>
/// <remarks>For text without lone surrogates it is UTF-8. Never throws; what was encoded is decoded to the same characters.</remarks>
internal static class Wtf8
{
    public static int BytesMax(int characters) => characters * 3;

    /// <summary>Encodes into <paramref name="bytes"/>, which holds at least <see cref="BytesMax"/>; returns the length, and whether it is plain UTF-8.</summary>
    public static int Encode(ReadOnlySpan<char> text, Span<byte> bytes, out bool isUtf8)
    {
        isUtf8 = Utf8.FromUtf16(text, bytes, out _, out var written, replaceInvalidSequences: false) == System.Buffers.OperationStatus.Done;
        return isUtf8 ? written : EncodeSurrogates(text, bytes);
    }

    public static string Decode(ReadOnlySpan<byte> bytes) =>
        Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : DecodeSurrogates(bytes);

    public static string DecodeSurrogates(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length);
        while (!bytes.IsEmpty)
        {
            // Only our own encoding is read here, so a sequence that UTF-8 refuses is a lone surrogate: 1110_1101 10xx_xxxx 10xx_xxxx.
            if (Rune.DecodeFromUtf8(bytes, out var rune, out var read) == System.Buffers.OperationStatus.Done)
            {
                text.Append(rune.ToString());
                bytes = bytes[read..];
            }
            else if (bytes.Length >= 3 && bytes[0] == 0xED)
            {
                text.Append((char)(0xD000 | ((bytes[1] & 0x3F) << 6) | (bytes[2] & 0x3F)));
                bytes = bytes[3..];
            }
            else
            {
                throw new InvalidDataException("a text of the store holds bytes that no text has; the store is damaged");
            }
        }

        return text.ToString();
    }

    private static int EncodeSurrogates(ReadOnlySpan<char> text, Span<byte> bytes)
    {
        var length = 0;
        while (!text.IsEmpty)
        {
            if (Rune.DecodeFromUtf16(text, out var rune, out var read) == System.Buffers.OperationStatus.Done)
            {
                length += rune.EncodeToUtf8(bytes[length..]);
                text = text[read..];
            }
            else
            {
                bytes[length++] = (byte)(0xE0 | (text[0] >> 12));
                bytes[length++] = (byte)(0x80 | ((text[0] >> 6) & 0x3F));
                bytes[length++] = (byte)(0x80 | (text[0] & 0x3F));
                text = text[1..];
            }
        }

        return length;
    }
}
