using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;

namespace EventGrains.Silo.Store.Rows;

/// <summary>Reads what <see cref="RowWriter"/> wrote.</summary>
/// <exception cref="InvalidDataException">From any method: the row ends before what it promises.</exception>
internal ref struct RowReader(ReadOnlySpan<byte> row)
{
    private ReadOnlySpan<byte> rest = row;
    private long timeBase;

    public readonly bool IsAtEnd => rest.IsEmpty;

    /// <summary>Reads and gives the row's format version, which is its first byte.</summary>
    /// <exception cref="InvalidDataException">A newer program wrote the row.</exception>
    public int Version(string what, int known)
    {
        var version = Byte();
        if (version == 0 || version > known)
        {
            throw new InvalidDataException(
                $"a {what} row is of format {version} and this program reads formats up to {known}: start the program that wrote it, or a newer one");
        }

        return version;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte Byte()
    {
        if (rest.IsEmpty)
        {
            throw CutShort();
        }

        var value = rest[0];
        rest = rest[1..];
        return value;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Varint()
    {
        if (!rest.IsEmpty && rest[0] < 0x80)
        {
            var value = rest[0];
            rest = rest[1..];
            return value;
        }

        return LongVarint();
    }

    public long Signed()
    {
        var value = Varint();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    public int Count()
    {
        var count = Varint();
        return count <= (ulong)rest.Length ? (int)count : throw CutShort();
    }

    public ReadOnlySpan<byte> Raw(int length)
    {
        if ((uint)length > (uint)rest.Length)
        {
            throw CutShort();
        }

        var bytes = rest[..length];
        rest = rest[length..];
        return bytes;
    }

    public ReadOnlySpan<byte> Bytes() => Raw(Count());

    public ushort BigEndian16() => BinaryPrimitives.ReadUInt16BigEndian(Raw(2));

    public uint BigEndian32() => BinaryPrimitives.ReadUInt32BigEndian(Raw(4));

    public long BigEndian64() => BinaryPrimitives.ReadInt64BigEndian(Raw(8));

    public DateTime FirstTime()
    {
        var ticks = BigEndian64();
        timeBase = RowWriter.TimeBaseOf(ticks);
        return new DateTime(ticks, DateTimeKind.Utc);
    }

    public DateTime Time()
    {
        var value = Varint();
        if (value == 0)
        {
            return default;
        }

        value--;
        var zigzag = value >> 1;
        var distance = (long)(zigzag >> 1) ^ -(long)(zigzag & 1);
        return new DateTime(timeBase + ((value & 1) == 0 ? distance * TimeSpan.TicksPerMillisecond : distance), DateTimeKind.Utc);
    }

    public string Text()
    {
        var header = Varint();
        var bytes = Raw(header >> 2 <= int.MaxValue ? (int)(header >> 2) : -1);
        return (int)(header & 3) switch
        {
            RowWriter.FormUtf8 => Encoding.UTF8.GetString(bytes),
            RowWriter.FormUpperHex => Convert.ToHexString(bytes),
            RowWriter.FormLowerHex => Convert.ToHexStringLower(bytes),
            _ => Wtf8.DecodeSurrogates(bytes),
        };
    }

    /// <summary>A text that many rows share: see <see cref="NamePool"/>.</summary>
    public string Name()
    {
        if (rest.IsEmpty || (rest[0] & (0x80 | 3)) != RowWriter.FormUtf8)
        {
            return Text();
        }

        return NamePool.Get(Raw(Byte() >> 2));
    }

    /// <summary>The last part of a key.</summary>
    public string RawText()
    {
        var text = Wtf8.Decode(rest);
        rest = default;
        return text;
    }

    /// <summary>A part of a key that others follow: see <see cref="RowWriter.EndedText"/>.</summary>
    public string EndedText()
    {
        var end = rest.IndexOf((byte)0);
        if (end >= 0 && end + 1 < rest.Length && rest[end + 1] == 0)
        {
            var text = Wtf8.Decode(rest[..end]);
            rest = rest[(end + 2)..];
            return text;
        }

        return EscapedText();
    }

    private string EscapedText()
    {
        var bytes = new List<byte>(rest.Length);
        for (var i = 0; i + 1 < rest.Length; i++)
        {
            if (rest[i] == 0 && rest[i + 1] == 0)
            {
                rest = rest[(i + 2)..];
                return Wtf8.Decode(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(bytes));
            }

            bytes.Add(rest[i]);
            i += rest[i] == 0 ? 1 : 0;
        }

        throw CutShort();
    }

    private ulong LongVarint()
    {
        ulong value = 0;
        for (var shift = 0; shift < 70; shift += 7)
        {
            var next = Byte();
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        throw CutShort();
    }

    private static InvalidDataException CutShort() =>
        new("a row of the store ends before what it promises; the store is damaged: restore it, or move it away and let the sources be read again");
}
