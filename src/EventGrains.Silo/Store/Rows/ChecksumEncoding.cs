using EventGrains.Files;

namespace EventGrains.Silo.Store.Rows;

/// <summary>A checksum within a row: the usual algorithms take one byte, hexadecimal values half their length.</summary>
internal static class ChecksumEncoding
{
    /// <summary>A place is a number on disk: add at the end, never move one. Place 0 is "written out".</summary>
    private static readonly string[] Algorithms = ["", "adler32", "md5", "sha1", "sha256", "sha512", "crc32", "crc32c", "crc64nvme", "md4", "xxh3", "etag"];

    public static void Write(RowWriter row, in Checksum checksum)
    {
        var algorithm = Math.Max(0, Array.IndexOf(Algorithms, checksum.Algorithm, 1));
        row.Byte(algorithm);
        if (algorithm == 0)
        {
            row.Text(checksum.Algorithm);
        }

        row.Text(checksum.Value);
    }

    public static Checksum Read(ref RowReader row)
    {
        var algorithm = row.Byte();
        if (algorithm >= Algorithms.Length)
        {
            throw new InvalidDataException($"a row of the store names checksum algorithm {algorithm}, which this program does not know: start the program that wrote it");
        }

        return new Checksum(algorithm == 0 ? row.Name() : Algorithms[algorithm], row.Text());
    }
}
