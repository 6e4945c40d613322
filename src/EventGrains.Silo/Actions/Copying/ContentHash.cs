using System.Buffers;
using System.IO.Hashing;
using EventGrains.Files;
using EventGrains.Silo.Posix;

namespace EventGrains.Silo.Actions.Copying;

/// <summary>What content a file has: adler32, which the storages understand, and a hash of 128 bits, which does not collide by chance.</summary>
internal readonly record struct ContentStamp(long Size, Checksum Adler32, UInt128 Hash)
{
    /// <summary>Reads a file's first so many bytes.</summary>
    /// <exception cref="OperationCanceledException">The claim was lost while it was read.</exception>
    public static ContentStamp Of(OpenFile file, long size, CancellationToken lost)
    {
        var hash = new ContentHash();
        var chunk = ArrayPool<byte>.Shared.Rent(ReplicaCopy.ChunkBytes);
        try
        {
            for (long at = 0; at < size;)
            {
                lost.ThrowIfCancellationRequested();
                var read = file.Read(chunk.AsSpan(0, (int)Math.Min(ReplicaCopy.ChunkBytes, size - at)), at);
                if (read == 0)
                {
                    break;
                }

                hash.Append(chunk.AsSpan(0, read));
                at += read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }

        return hash.Stamp;
    }

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
