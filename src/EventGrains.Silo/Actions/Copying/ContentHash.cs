using System.IO.Hashing;
using EventGrains.Files;

namespace EventGrains.Silo.Actions.Copying;

/// <summary>What content a file has: adler32, which the storages understand, and a hash of 128 bits, which does not collide by chance.</summary>
internal readonly record struct ContentStamp(long Size, Checksum Adler32, UInt128 Hash)
{
    public override string ToString() => $"{Size} bytes, {Adler32}";
}

/// <summary>Computes a <see cref="ContentStamp"/> while the bytes go by.</summary>
internal sealed class ContentHash
{
    private readonly Adler32 adler32 = new();
    private readonly XxHash128 hash = new();
    private long size;

    public ContentStamp Stamp => new(size, adler32.Checksum, hash.GetCurrentHashAsUInt128());

    public void Append(ReadOnlySpan<byte> bytes)
    {
        adler32.Append(bytes);
        hash.Append(bytes);
        size += bytes.Length;
    }
}
