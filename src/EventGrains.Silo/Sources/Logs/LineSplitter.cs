namespace EventGrains.Silo.Sources.Logs;

/// <summary>Cuts a growing sequence of bytes into lines, whatever the chunks they come in. A line without its end waits.</summary>
/// <remarks>
/// Pure. Holds at most <paramref name="lineBytesMax"/> bytes of an unfinished line; of a longer one only the first
/// <paramref name="keptBytesMax"/>, until its end is found. NUL bytes before a line are passed over: a writer without O_APPEND
/// leaves them as a hole when its file is truncated under it.
/// </remarks>
internal sealed class LineSplitter(int lineBytesMax, int keptBytesMax)
{
    private byte[] waiting = new byte[4096];
    private int waitingLength;
    private long lineLength;

    /// <summary>The position up to which whole lines were given out; where to read again after a restart.</summary>
    public long Position { get; private set; }

    /// <summary>The position up to which bytes were taken in.</summary>
    public long Taken { get; private set; }

    public bool HasUnfinishedLine => lineLength > 0;

    public void Restart(long position)
    {
        Position = Taken = position;
        waitingLength = 0;
        lineLength = 0;
    }

    /// <summary>Takes the bytes that follow and gives out the lines that end in them; read them all before the next call.</summary>
    public Lines Split(ReadOnlySpan<byte> chunk) => new(this, chunk);

    /// <summary>At the end of a file that grows no more: the last line, which nobody ended; empty when there is none.</summary>
    public Line TakeUnfinished()
    {
        var line = new Line(waiting.AsSpan(0, waitingLength), Taken, lineLength);
        waitingLength = 0;
        lineLength = 0;
        Position = Taken;
        return line;
    }

    private void Keep(ReadOnlySpan<byte> part)
    {
        if (lineLength == 0)
        {
            // All NULs: a hole, and no line yet.
            var first = part.IndexOfAnyExcept((byte)0);
            part = first < 0 ? [] : part[first..];
        }

        lineLength += part.Length;
        var room = (lineLength > lineBytesMax ? keptBytesMax : lineBytesMax) - waitingLength;
        if (room <= 0)
        {
            waitingLength = Math.Min(waitingLength, lineLength > lineBytesMax ? keptBytesMax : lineBytesMax);
            return;
        }

        part = part[..Math.Min(part.Length, room)];
        if (waiting.Length < waitingLength + part.Length)
        {
            Array.Resize(ref waiting, Math.Max(waiting.Length * 2, waitingLength + part.Length));
        }

        part.CopyTo(waiting.AsSpan(waitingLength));
        waitingLength += part.Length;
    }

    /// <param name="bytes">The line without its end; of a line that is too long only its beginning.</param>
    /// <param name="end">The position after the line and its end.</param>
    /// <param name="length">How long the whole line is, in bytes.</param>
    internal readonly ref struct Line(ReadOnlySpan<byte> bytes, long end, long length)
    {
        public ReadOnlySpan<byte> Bytes { get; } = bytes;

        public long End { get; } = end;

        public long Length { get; } = length;
    }

    internal ref struct Lines(LineSplitter splitter, ReadOnlySpan<byte> chunk)
    {
        private ReadOnlySpan<byte> rest = chunk;

        public Line Current { get; private set; }

        public readonly Lines GetEnumerator() => this;

        public bool MoveNext()
        {
            var end = rest.IndexOf((byte)'\n');
            if (end < 0)
            {
                splitter.Keep(rest);
                splitter.Taken += rest.Length;
                rest = [];
                return false;
            }

            var line = rest[..end];
            rest = rest[(end + 1)..];
            splitter.Taken += end + 1;
            splitter.Position = splitter.Taken;
            if (splitter.lineLength > 0 || line.Length > splitter.MostAtOnce || (end > 0 && line[0] == 0))
            {
                splitter.Keep(line);
                Current = new Line(splitter.waiting.AsSpan(0, splitter.waitingLength), splitter.Position, splitter.lineLength);
                splitter.waitingLength = 0;
                splitter.lineLength = 0;
            }
            else
            {
                Current = new Line(line, splitter.Position, line.Length);
            }

            return true;
        }
    }

    private int MostAtOnce => lineBytesMax;
}
