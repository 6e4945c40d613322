using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace EventGrains.Cli.Publish;

/// <summary>Cuts a stream of lines into bodies within the server's bounds, without ever holding more than one body and one read.</summary>
/// <remarks>
/// A body also ends when the input pauses, so that <c>tail -f | eventgrains events publish -</c> delivers what there is. A line
/// over <see cref="LineBytesMax"/> is not sent: it is reported, and the body before it ends, so that line numbers stay plain.
/// </remarks>
internal sealed class BodyCutter(int linesMax, int bytesMax, TimeProvider time, Action<RejectedLine> reject)
{
    public const int LineBytesMax = 1 << 20;
    public const int LinesDefault = 5_000;
    public const int BytesDefault = 8 << 20;

    /// <summary>A body waits no longer for more input.</summary>
    public static readonly TimeSpan PauseMax = TimeSpan.FromMilliseconds(200);

    private byte[] body = [];
    private int length;
    private int lines;
    private bool blank = true;
    private long nextLine = 1;
    private bool skipping;

    public async IAsyncEnumerable<EventBody> Cut(Stream input, [EnumeratorCancellation] CancellationToken ct)
    {
        var reader = PipeReader.Create(input, new StreamPipeReaderOptions(bufferSize: 1 << 16, leaveOpen: true));
        for (var completed = false; !completed;)
        {
            var read = reader.ReadAsync(ct).AsTask();
            if (lines > 0 && !read.IsCompleted && await Task.WhenAny(read, Task.Delay(PauseMax, time, ct)) != read && Take() is { } early)
            {
                yield return early;
            }

            // A terminal's read cannot be cancelled; it is left alone.
            var result = await read.WaitAsync(ct);
            completed = result.IsCompleted;
            var buffer = result.Buffer;
            while (TryReadLine(ref buffer, completed, out var line))
            {
                var overlong = skipping || line.Length > LineBytesMax;
                if ((overlong || length + line.Length + 1 > bytesMax) && Take() is { } full)
                {
                    yield return full;
                }

                if (overlong)
                {
                    Reject(line.Length);
                }
                else
                {
                    Add(line);
                    if (lines >= linesMax && Take() is { } whole)
                    {
                        yield return whole;
                    }
                }
            }

            if (buffer.Length > LineBytesMax)
            {
                // The rest of this line is thrown away as it comes; its end reports it.
                skipping = true;
            }

            reader.AdvanceTo(skipping ? buffer.End : buffer.Start, buffer.End);
        }

        if (Take() is { } last)
        {
            yield return last;
        }
    }

    private static bool TryReadLine(ref ReadOnlySequence<byte> buffer, bool completed, out ReadOnlySequence<byte> line)
    {
        var end = buffer.PositionOf((byte)'\n');
        if (end is null && !(completed && buffer.Length > 0))
        {
            line = default;
            return false;
        }

        line = end is null ? buffer : buffer.Slice(0, end.Value);
        buffer = end is null ? buffer.Slice(buffer.End) : buffer.Slice(buffer.GetPosition(1, end.Value));
        return true;
    }

    private void Add(in ReadOnlySequence<byte> line)
    {
        var needed = length + (int)line.Length + 1;
        if (body.Length < needed)
        {
            Array.Resize(ref body, Math.Max(needed, Math.Min(body.Length * 2, bytesMax)));
        }

        line.CopyTo(body.AsSpan(length));
        blank = blank && body.AsSpan(length, (int)line.Length).IndexOfAnyExcept(" \t\r"u8) < 0;
        length += (int)line.Length;
        body[length++] = (byte)'\n';
        lines++;
        nextLine++;
    }

    private void Reject(long bytes)
    {
        var size = skipping ? "" : $" ({bytes} bytes)";
        reject(new RejectedLine(nextLine++, "", $"the line is longer than {LineBytesMax} bytes{size}", "Send records of at most 1 MiB, one a line."));
        skipping = false;
    }

    private EventBody? Take()
    {
        var taken = blank ? null : new EventBody(nextLine - lines, lines, body.AsMemory(0, length));
        // The next body will be about as large as this one.
        body = taken is null ? body : new byte[Math.Min(length, bytesMax)];
        (length, lines, blank) = (0, 0, true);
        return taken;
    }
}
