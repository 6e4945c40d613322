using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using EventGrains.Files;

namespace EventGrains.Silo.Actions.Copying;

/// <summary>The checksum of RFC 1950 by which scientific storages know their files.</summary>
/// <remarks>Two sums modulo 65521: of the bytes, and of the first sum after each byte. The modulus is taken once per block of
/// <see cref="BlockBytesMax"/>, the longest after which neither sum can have overflowed 32 bits.</remarks>
internal sealed class Adler32
{
    public const string Algorithm = "adler32";

    private const uint Modulus = 65521;
    private const int BlockBytesMax = 5552;

    private uint sum = 1;
    private uint sumOfSums;

    public uint Value => (sumOfSums << 16) | sum;

    public Checksum Checksum => new(Algorithm, Value.ToString("x8", System.Globalization.CultureInfo.InvariantCulture));

    public void Append(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var block = bytes[..Math.Min(bytes.Length, BlockBytesMax)];
            bytes = bytes[block.Length..];
            var vectors = block.Length - (block.Length % Vector128<byte>.Count);
            AppendVectors(block[..vectors]);
            foreach (var b in block[vectors..])
            {
                sum += b;
                sumOfSums += sum;
            }

            sum %= Modulus;
            sumOfSums %= Modulus;
        }
    }

    // Within 16 bytes the second sum grows by 16 times the first sum before them, and by each byte as often as it stays: 16, 15, ... 1.
    private void AppendVectors(ReadOnlySpan<byte> bytes)
    {
        var firstWeights = Vector128.Create((ushort)16, 15, 14, 13, 12, 11, 10, 9);
        var lastWeights = Vector128.Create((ushort)8, 7, 6, 5, 4, 3, 2, 1);
        var sums = Vector128<uint>.Zero;
        var sumsBefore = Vector128<uint>.Zero;
        var weighted = Vector128<uint>.Zero;
        foreach (var vector in MemoryMarshal.Cast<byte, Vector128<byte>>(bytes))
        {
            sumsBefore += sums;
            var (first, last) = Vector128.Widen(vector);
            sums += WidenAndAdd(first + last);
            weighted += WidenAndAdd((first * firstWeights) + (last * lastWeights));
        }

        sumOfSums += (sum * (uint)bytes.Length) + ((uint)Vector128<byte>.Count * Vector128.Sum(sumsBefore)) + Vector128.Sum(weighted);
        sum += Vector128.Sum(sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> WidenAndAdd(Vector128<ushort> words)
    {
        var (first, last) = Vector128.Widen(words);
        return first + last;
    }
}
