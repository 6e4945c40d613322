using System.Globalization;

namespace EventGrains.Silo.Posix;

internal enum FileKind : byte
{
    Other,
    Regular,
    Directory,
    Link,
}

/// <summary>Which file it is, whatever it is called. The birth time tells a reused inode from the file that had it before.</summary>
/// <param name="BirthNanoseconds">Since 1970; zero where the file system keeps none, and then a reused inode cannot be told.</param>
internal readonly record struct FileIdentity(ulong Device, ulong Inode, long BirthNanoseconds)
{
    /// <summary>The native id of a file in a directory storage: three hexadecimal words.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Device:x}-{Inode:x}-{BirthNanoseconds:x}");

    public static bool TryParse(string text, out FileIdentity identity)
    {
        identity = default;
        var words = text.Split('-');
        if (words.Length != 3
            || !ulong.TryParse(words[0], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var device)
            || !ulong.TryParse(words[1], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var inode)
            || !long.TryParse(words[2], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var birth))
        {
            return false;
        }

        identity = new FileIdentity(device, inode, birth);
        return true;
    }
}

/// <summary>What <c>statx</c> says of a file, by the file system's clock. Equal before and after means that nobody changed it between.</summary>
/// <param name="Changed">Moves with any write, rename, link or change of rights.</param>
/// <param name="Permissions">Who may read, write and run it, without the bits that lend the owner's rights.</param>
internal readonly record struct FileStat(
    FileIdentity Identity,
    FileKind Kind,
    long Size,
    PosixTime Changed,
    PosixTime Modified,
    int Links,
    uint Permissions = 0)
{
    private const long SecondsMax = long.MaxValue / 1_000_000_000 - 1;

    public long ChangedNanoseconds => NanosecondsOf(Changed);

    public long ModifiedNanoseconds => NanosecondsOf(Modified);

    public DateTime ChangedAt => TimeOf(ChangedNanoseconds);

    public DateTime ModifiedAt => TimeOf(ModifiedNanoseconds);

    public bool IsRegularFile => Kind == FileKind.Regular;

    /// <summary>UTC, to the 100 ns that <see cref="DateTime"/> can hold; what lies outside its range is its end.</summary>
    public static DateTime TimeOf(long nanoseconds) => DateTime.UnixEpoch.AddTicks(Math.DivRem(nanoseconds, 100).Quotient);

    /// <summary>Nanoseconds since 1970 that saturate: a file may carry any date, also one that no 64-bit count of nanoseconds reaches.</summary>
    public static long NanosecondsOf(PosixTime time) =>
        Math.Clamp(time.Seconds, -SecondsMax, SecondsMax) * 1_000_000_000 + time.Nanoseconds;
}
