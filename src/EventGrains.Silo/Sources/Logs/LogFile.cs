using System.Buffers;
using System.Globalization;
using System.IO.Hashing;
using EventGrains.Silo.Posix;
using Microsoft.Win32.SafeHandles;

namespace EventGrains.Silo.Sources.Logs;

/// <summary>A log file that is open for reading, and proves with each read that it still is the file that was read before.</summary>
internal sealed class LogFile : IDisposable
{
    /// <summary>How much before a position identifies it.</summary>
    public const int CheckBytes = 4096;

    private readonly SafeFileHandle handle;
    private readonly byte[] tail = new byte[CheckBytes];
    private int tailLength;

    private LogFile(SafeFileHandle handle, string path, FileStat stat)
    {
        this.handle = handle;
        Path = path;
        Identity = stat.Identity;
    }

    public string Path { get; }

    public FileIdentity Identity { get; }

    /// <summary>Up to where it was read.</summary>
    public long Position { get; private set; }

    /// <summary>Null when there is no regular file of that name that we may read.</summary>
    public static LogFile? TryOpen(string path)
    {
        if (PosixFile.TryOpen(path, out _) is not { } handle)
        {
            return null;
        }

        var stat = PosixFile.Stat(handle);
        if (stat.Kind == FileKind.Regular)
        {
            return new LogFile(handle, path, stat);
        }

        handle.Dispose();
        return null;
    }

    public FileStat Stat() => PosixFile.Stat(handle);

    public Writers Writers => PosixFile.WritersOf(handle);

    /// <summary>The hash of what lies before a position now; null when the file does not reach it.</summary>
    public string? CheckAt(long position)
    {
        var length = (int)Math.Min(position, CheckBytes);
        var bytes = ArrayPool<byte>.Shared.Rent(CheckBytes);
        try
        {
            return Fill(bytes.AsSpan(0, length), position - length) == length ? Hash(bytes.AsSpan(0, length)) : null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    /// <summary>Goes to a position; false when the file does not reach it.</summary>
    public bool TrySeek(long position)
    {
        tailLength = (int)Math.Min(position, CheckBytes);
        Position = position;
        return Fill(tail.AsSpan(0, tailLength), position - tailLength) == tailLength;
    }

    /// <summary>
    /// Reads on into <paramref name="buffer"/>, beginning with the bytes before the position, in one call to the kernel: they must be
    /// the same as last time, or the file was truncated and has grown again in between.
    /// </summary>
    /// <param name="end">Reads no further than this, whatever follows.</param>
    public LogChunk Read(Span<byte> buffer, long end = long.MaxValue)
    {
        var begin = Position - tailLength;
        buffer = buffer[..(int)Math.Min(buffer.Length, end - begin)];
        var length = RandomAccess.Read(handle, buffer, begin);
        if (length < tailLength || !buffer[..tailLength].SequenceEqual(tail.AsSpan(0, tailLength)))
        {
            return new LogChunk([], 0, begin, true);
        }

        var read = buffer[..length];
        var chunk = new LogChunk(read, tailLength, begin, false);
        Position = begin + length;
        tailLength = Math.Min(length, CheckBytes);
        read[^tailLength..].CopyTo(tail);
        return chunk;
    }

    /// <summary>The hash of what was read last before the position.</summary>
    public string TailCheck => Hash(tail.AsSpan(0, tailLength));

    /// <summary>Whether what lies before the position is still what was read there.</summary>
    public bool HoldsWhatWasRead => CheckAt(Position) == TailCheck;

    /// <summary>Takes over from another file that has the same bytes up to its position; false when it has not.</summary>
    public bool TryTakeOver(LogFile other) =>
        TrySeek(other.Position) && tail.AsSpan(0, tailLength).SequenceEqual(other.tail.AsSpan(0, other.tailLength));

    /// <summary>The beginning of the line that a position lies in: looks back no further than <paramref name="bytesMax"/>.</summary>
    public long LineStart(long position, int bytesMax)
    {
        var bytes = new byte[64 * 1024];
        for (var end = position; end > 0 && position - end < bytesMax;)
        {
            var length = (int)Math.Min(bytes.Length, end);
            var filled = Fill(bytes.AsSpan(0, length), end - length);
            var newline = bytes.AsSpan(0, filled).LastIndexOf((byte)'\n');
            if (newline >= 0)
            {
                return end - length + newline + 1;
            }

            end -= length;
        }

        return position <= bytesMax ? 0 : position;
    }

    public static string Hash(ReadOnlySpan<byte> before) => XxHash3.HashToUInt64(before).ToString("x16", CultureInfo.InvariantCulture);

    public void Dispose() => handle.Dispose();

    private int Fill(Span<byte> buffer, long position)
    {
        var filled = 0;
        while (filled < buffer.Length)
        {
            var length = RandomAccess.Read(handle, buffer[filled..], position + filled);
            if (length == 0)
            {
                break;
            }

            filled += length;
        }

        return filled;
    }
}

/// <summary>What one read brought.</summary>
/// <param name="read">Begins with bytes that were read before.</param>
/// <param name="before">How many those are.</param>
/// <param name="begin">The position of the first byte.</param>
/// <param name="changed">The content is another one; then there is nothing here.</param>
internal readonly ref struct LogChunk(ReadOnlySpan<byte> read, int before, long begin, bool changed)
{
    private readonly ReadOnlySpan<byte> read = read;
    private readonly long begin = begin;

    /// <summary>What is new; empty at the end of the file.</summary>
    public ReadOnlySpan<byte> Added { get; } = read[before..];

    public bool Changed { get; } = changed;

    /// <summary>The hash of what lies before a position within <see cref="Added"/>.</summary>
    public string CheckAt(long position)
    {
        var end = (int)(position - begin);
        return LogFile.Hash(read[Math.Max(0, end - LogFile.CheckBytes)..end]);
    }
}