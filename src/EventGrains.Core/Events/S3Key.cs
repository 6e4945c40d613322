using System.Globalization;
using EventGrains.Files;

namespace EventGrains.Events;

/// <summary>An object's key, as its producer writes it.</summary>
internal static class S3Key
{
    private const int BytesMax = FileId.NativeBytesMax - 256;

    /// <summary>As EventBridge writes it.</summary>
    public static string Plain(WireValue key) => Checked(key, key.IsAbsent ? default : key.Bytes());

    /// <summary>As AWS and MinIO write it in notifications: a URL's query, so <c>+</c> is a space, and <c>%2B</c> a plus.</summary>
    public static string Decoded(WireValue key)
    {
        var encoded = key.IsAbsent ? default : key.Bytes();
        if (encoded.IndexOfAny((byte)'%', (byte)'+') < 0)
        {
            return Checked(key, encoded);
        }

        var decoded = new byte[encoded.Length];
        var length = 0;
        for (var i = 0; i < encoded.Length; i++)
        {
            decoded[length++] = encoded[i] switch
            {
                (byte)'+' => (byte)' ',
                (byte)'%' => Octet(key, encoded, ref i),
                var plain => plain,
            };
        }

        return Checked(key, decoded.AsSpan(0, length));
    }

    private static byte Octet(WireValue key, ReadOnlySpan<byte> encoded, ref int i)
    {
        if (i + 2 < encoded.Length && byte.TryParse(encoded.Slice(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var octet))
        {
            i += 2;
            return octet;
        }

        throw key.Refused($"a % at byte {i} that no two hexadecimal digits follow", "encode the key as AWS and MinIO do, with %25 for a %");
    }

    private static string Checked(WireValue key, ReadOnlySpan<byte> bytes) =>
        bytes.IsEmpty ? throw key.Refused("missing or empty", "send the object's key") : key.Text(bytes, BytesMax);
}
