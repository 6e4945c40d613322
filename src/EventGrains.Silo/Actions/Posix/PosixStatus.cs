using System.Buffers.Binary;
using EventGrains.Silo.Sources.Posix;

namespace EventGrains.Silo.Actions.Posix;

/// <summary>Which file this is and which content it has: equal before and after means that nobody changed it between.</summary>
internal readonly record struct FileIdentity(ulong Device, ulong Inode, long Size, PosixTime Modified, PosixTime Changed);

/// <summary>What <c>statx</c> says; its layout is the same on every machine.</summary>
internal readonly record struct PosixStatus(FileIdentity Identity, ushort Mode, uint Links)
{
    /// <summary>The size of <c>struct statx</c>.</summary>
    public const int Bytes = 256;

    private const int TypeBits = 0xF000;
    private const int RegularFile = 0x8000;
    private const int Directory = 0x4000;

    public bool IsRegularFile => (Mode & TypeBits) == RegularFile;

    public bool IsDirectory => (Mode & TypeBits) == Directory;

    /// <summary>When the file or its name last changed, by the file system's clock; as what looks at a directory says it.</summary>
    public DateTime ChangedAt => FileStat.TimeOf(FileStat.NanosecondsOf(Identity.Changed.Seconds, (uint)Identity.Changed.Nanoseconds));

    /// <summary>Who may read, write and run it, without the bits that lend the owner's rights.</summary>
    public uint Permissions => Mode & 0x1FFu;

    public static PosixStatus Parse(ReadOnlySpan<byte> statx)
    {
        static PosixTime Time(ReadOnlySpan<byte> at) => new(BinaryPrimitives.ReadInt64LittleEndian(at), BinaryPrimitives.ReadUInt32LittleEndian(at[8..]));

        var device = ((ulong)BinaryPrimitives.ReadUInt32LittleEndian(statx[136..]) << 32) | BinaryPrimitives.ReadUInt32LittleEndian(statx[140..]);
        return new PosixStatus(
            new FileIdentity(
                device,
                BinaryPrimitives.ReadUInt64LittleEndian(statx[32..]),
                BinaryPrimitives.ReadInt64LittleEndian(statx[40..]),
                Time(statx[112..]),
                Time(statx[96..])),
            BinaryPrimitives.ReadUInt16LittleEndian(statx[28..]),
            BinaryPrimitives.ReadUInt32LittleEndian(statx[16..]));
    }
}
