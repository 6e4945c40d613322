using System.Buffers;
using System.IO.Hashing;
using System.Text;

namespace EventGrains.Files;

/// <summary>Who a file is: the storage that holds it and that storage's own identity for it, written <c>STORAGE:NATIVE</c>.</summary>
/// <remarks>
/// NATIVE is a pnfsid (upper case), <c>bucket/key</c>, or <c>device-inode-birth</c>; it never begins with <c>/</c>, so that
/// <c>STORAGE:/PATH</c> always names a file by its path. Only this key is hashed to a shard; a file written again keeps it
/// (see <see cref="Incarnation"/>).
/// </remarks>
[GenerateSerializer, Immutable, Alias("EventGrains.FileId")]
public readonly record struct FileId([property: Id(0)] string Storage, [property: Id(1)] string Native) : IComparable<FileId>
{
    /// <summary>The longest native identity, in UTF-8 bytes; S3 keys end at 1,024.</summary>
    public const int NativeBytesMax = 4096;

    /// <summary>Reads <c>STORAGE:NATIVE</c>.</summary>
    /// <exception cref="FormatException">No colon, an empty part, or a path where the identity should be.</exception>
    public static FileId Parse(string text) =>
        TryParse(text, out var id)
            ? id
            : throw new FormatException($"'{text}' is not a file id; write STORAGE:NATIVE, such as dcache:0000A1B2, or STORAGE:/PATH where a path is allowed");

    public static bool TryParse(string? text, out FileId id)
    {
        var colon = text?.IndexOf(':', StringComparison.Ordinal) ?? -1;
        if (colon <= 0 || colon == text!.Length - 1 || text[colon + 1] == '/')
        {
            id = default;
            return false;
        }

        id = new FileId(text[..colon], text[(colon + 1)..]);
        return true;
    }

    /// <summary>The shard that owns this file, of <paramref name="shards"/> in the cluster. Fixed for ever by the id alone.</summary>
    public int ShardOf(int shards) => (int)(Hash() % (ulong)shards);

    /// <summary>A 64-bit hash of the id's UTF-8 bytes: the same on every machine and in every release.</summary>
    public ulong Hash()
    {
        var bytesMax = Encoding.UTF8.GetMaxByteCount(Storage.Length + Native.Length + 1);
        byte[]? rented = null;
        var bytes = bytesMax <= 512 ? stackalloc byte[512] : (rented = ArrayPool<byte>.Shared.Rent(bytesMax));
        var length = Encoding.UTF8.GetBytes(Storage, bytes);
        bytes[length++] = (byte)':';
        length += Encoding.UTF8.GetBytes(Native, bytes[length..]);
        var hash = XxHash3.HashToUInt64(bytes[..length]);
        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }

        return hash;
    }

    public int CompareTo(FileId other)
    {
        var byStorage = string.CompareOrdinal(Storage, other.Storage);
        return byStorage != 0 ? byStorage : string.CompareOrdinal(Native, other.Native);
    }

    public override string ToString() => $"{Storage}:{Native}";
}
