using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace EventGrains.Silo.Store.Rows;

/// <summary>Writes keys and rows into one buffer that is used again for the next; not for two threads.</summary>
/// <remarks>
/// Numbers are varints (seven bits a byte, the low ones first) where a row is only decoded, and big-endian where a key must sort.
/// A time is relative to the row's own base, so that most take three to six bytes.
/// </remarks>
internal sealed class RowWriter
{
    /// <summary>How a text's bytes are to be read; the low two bits of its length.</summary>
    internal const int FormUtf8 = 0;
    internal const int FormUpperHex = 1;
    internal const int FormLowerHex = 2;
    internal const int FormSurrogates = 3;

    private const int HexCharactersMin = 8;

    private byte[] buffer = new byte[1024];
    private int length;
    private long timeBase;

    public ReadOnlySpan<byte> Written => buffer.AsSpan(0, length);

    public int Length => length;

    public RowWriter Clear()
    {
        length = 0;
        timeBase = 0;
        return this;
    }

    public void Truncate(int to) => length = to;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Byte(int value)
    {
        Ensure(1);
        buffer[length++] = (byte)value;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Varint(ulong value)
    {
        Ensure(10);
        length += WriteVarint(buffer.AsSpan(length), value);
    }

    public void Varint(long notNegative) => Varint((ulong)notNegative);

    public void Signed(long value) => Varint(ZigZag(value));

    public void Raw(ReadOnlySpan<byte> bytes)
    {
        Ensure(bytes.Length);
        bytes.CopyTo(buffer.AsSpan(length));
        length += bytes.Length;
    }

    public void Bytes(ReadOnlySpan<byte> bytes)
    {
        Varint((ulong)bytes.Length);
        Raw(bytes);
    }

    public void BigEndian(ushort value)
    {
        Ensure(2);
        BinaryPrimitives.WriteUInt16BigEndian(buffer.AsSpan(length), value);
        length += 2;
    }

    public void BigEndian(uint value)
    {
        Ensure(4);
        BinaryPrimitives.WriteUInt32BigEndian(buffer.AsSpan(length), value);
        length += 4;
    }

    public void BigEndian(long value)
    {
        Ensure(8);
        BinaryPrimitives.WriteInt64BigEndian(buffer.AsSpan(length), value);
        length += 8;
    }

    /// <summary>The row's first time, in full; later ones are relative to its second.</summary>
    public void FirstTime(DateTime value)
    {
        BigEndian(value.Ticks);
        timeBase = TimeBaseOf(value.Ticks);
    }

    /// <summary>0 for "never"; otherwise the distance to the row's base, in milliseconds where it is a whole number of them.</summary>
    public void Time(DateTime value)
    {
        if (value.Ticks == 0)
        {
            Byte(0);
            return;
        }

        var distance = value.Ticks - timeBase;
        var (quotient, remainder) = Math.DivRem(distance, TimeSpan.TicksPerMillisecond);
        Varint(remainder == 0 ? (ZigZag(quotient) << 1) + 1 : (ZigZag(distance) << 1) + 2);
    }

    /// <summary>A text of any characters. One that is all hexadecimal digits of one case takes half its length.</summary>
    public void Text(string text)
    {
        if (TryHex(text))
        {
            return;
        }

        Ensure(5 + Wtf8.BytesMax(text.Length));
        var guess = VarintLength((ulong)text.Length << 2);
        var written = Wtf8.Encode(text, buffer.AsSpan(length + guess), out var isUtf8);
        var header = ((ulong)written << 2) | (uint)(isUtf8 ? FormUtf8 : FormSurrogates);
        var needed = VarintLength(header);
        if (needed != guess)
        {
            buffer.AsSpan(length + guess, written).CopyTo(buffer.AsSpan(length + needed));
        }

        WriteVarint(buffer.AsSpan(length), header);
        length += needed + written;
    }

    /// <summary>For keys: the text's bytes as they sort, without length or end. The last part of a key, or the beginning of a range.</summary>
    public void RawText(ReadOnlySpan<char> text)
    {
        Ensure(Wtf8.BytesMax(text.Length));
        length += Wtf8.Encode(text, buffer.AsSpan(length), out _);
    }

    /// <summary>For keys: a text that others follow. Zero bytes in it become 00 FF and the end is 00 00, so that texts sort as their bytes do.</summary>
    public void EndedText(ReadOnlySpan<char> text)
    {
        Ensure((2 * Wtf8.BytesMax(text.Length)) + 2);
        var start = length;
        RawText(text);
        var zeros = buffer.AsSpan(start, length - start).Count((byte)0);
        for (int from = length - 1, to = (length += zeros) - 1; zeros > 0; from--)
        {
            var value = buffer[from];
            if (value == 0)
            {
                buffer[to--] = 0xFF;
                zeros--;
            }

            buffer[to--] = value;
        }

        buffer[length++] = 0;
        buffer[length++] = 0;
    }

    internal static long TimeBaseOf(long ticks) => ticks - (ticks % TimeSpan.TicksPerSecond);

    private bool TryHex(string text)
    {
        if (text.Length < HexCharactersMin || (text.Length & 1) != 0 || !char.IsAsciiHexDigit(text[0]))
        {
            return false;
        }

        var lower = text.AsSpan().ContainsAnyInRange('a', 'f');
        if (lower && text.AsSpan().ContainsAnyInRange('A', 'F'))
        {
            return false;
        }

        var start = length;
        Ensure(5 + (text.Length / 2));
        Varint(((ulong)(text.Length / 2) << 2) | (uint)(lower ? FormLowerHex : FormUpperHex));
        if (Convert.FromHexString(text, buffer.AsSpan(length), out _, out var written) != System.Buffers.OperationStatus.Done)
        {
            length = start;
            return false;
        }

        length += written;
        return true;
    }

    private static ulong ZigZag(long value) => (ulong)((value << 1) ^ (value >> 63));

    private static int VarintLength(ulong value) => ((64 - System.Numerics.BitOperations.LeadingZeroCount(value | 1)) + 6) / 7;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int WriteVarint(Span<byte> to, ulong value)
    {
        var i = 0;
        while (value >= 0x80)
        {
            to[i++] = (byte)(value | 0x80);
            value >>= 7;
        }

        to[i++] = (byte)value;
        return i;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Ensure(int more)
    {
        if (buffer.Length - length < more)
        {
            Grow(more);
        }
    }

    private void Grow(int more) => Array.Resize(ref buffer, Math.Max(buffer.Length * 2, length + more));
}
