using System.Globalization;

namespace EventGrains.LoadTest.Generator;

/// <summary>What can happen to a file. Each happening leaves one or two records behind.</summary>
internal enum HappeningKind : byte
{
    /// <summary>A client wrote it; pool and door report.</summary>
    Written,

    /// <summary>A client tried to write it; pool and door report the failure.</summary>
    WriteFailed,

    /// <summary>The pool has all bytes and says so; the door then failed, so nobody knows whether the file exists.</summary>
    DoorFailed,

    /// <summary>A client read it from a pool, which therefore holds a copy; pool and door report.</summary>
    Read,

    /// <summary>A client wrote it, and only the door reports: its record holds what the pool did.</summary>
    Announced,

    /// <summary>Copied to tape.</summary>
    Flushed,

    FlushFailed,

    /// <summary>A pool made room; the copy is gone there.</summary>
    Evicted,

    /// <summary>Brought back from tape to a pool.</summary>
    Restored,

    /// <summary>A user deleted it.</summary>
    Deleted,

    /// <summary>A pool removed its copy because the cleaner told it to.</summary>
    Cleaned,
}

/// <param name="At">When, in milliseconds after <see cref="FileLife.Epoch"/>; strictly later than the one before.</param>
internal readonly record struct Happening(HappeningKind Kind, byte Pool, long At);

/// <summary>The truth about one file, planned before any record of it is written; a function of seed and number alone.</summary>
internal sealed class FileLife
{
    /// <summary>Before any clock that runs the test: a date ahead of the server's clock is refused.</summary>
    public static readonly DateTime Epoch = new(2025, 3, 1, 0, 0, 0, DateTimeKind.Utc);

    public const int Pools = 40;

    public required int Number { get; init; }

    /// <summary>The pnfsid: 36 upper-case hexadecimal digits, the last eight being <see cref="Number"/>.</summary>
    public required string Native { get; init; }

    public required string Path { get; init; }

    public required long Size { get; init; }

    public required Happening[] Happenings { get; init; }

    /// <summary>How many records the life leaves behind, duplicates aside.</summary>
    public int Records => Happenings.Sum(h => RecordsOf(h.Kind));

    public static int RecordsOf(HappeningKind kind) => kind <= HappeningKind.Read ? 2 : 1;

    /// <summary>The file's number, read back from a pnfsid or an id that ends with one; -1 when it is none of ours.</summary>
    public static int NumberOf(ReadOnlySpan<char> native) =>
        native.Length >= 8 && int.TryParse(native[^8..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var number) ? number : -1;

    public string TapeCopy => $"osm://cta/{Native}?archiveid={Number % 9000 + 1000}";
}
