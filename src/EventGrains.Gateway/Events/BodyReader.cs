using System.Buffers;
using System.Text.Json;
using EventGrains.Gateway.Http;

namespace EventGrains.Gateway.Events;

/// <summary>Takes one record of a body; lines, or elements of an array, count from 1.</summary>
internal delegate void TakeRecord(ReadOnlySpan<byte> record, int line);

/// <summary>Cuts a request's body into records while it arrives, and hands each on as one stretch of bytes.</summary>
/// <remarks>
/// Reads into one pooled buffer that moves on; only a record that does not end within what was read is copied, to the buffer's front.
/// Taking slices from the request's pipe instead would copy every fourth record of a usual size, because the pipe's blocks are 4 KiB.
/// </remarks>
internal sealed class BodyReader(Stream body, GatewaySettings settings, IntakeBudget.Share share, CancellationToken stop) : IDisposable
{
    private const int BufferBytes = 128 * 1024;

    private byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
    private int start;
    private int end;
    private long total;

    /// <summary>Hands on each line that is not blank. The last may lack its newline.</summary>
    public async Task ReadLines(TakeRecord take)
    {
        var line = 0;
        var seen = 0;
        while (await Fill() > 0)
        {
            seen = SkipMark() ? 0 : seen;
            TakeLines(take, ref line, ref seen);
            CheckLine(end - start, line + 1);
        }

        Take(take, buffer.AsSpan(start, end - start), line + 1);
    }

    /// <summary>Hands on the whole body as one record.</summary>
    public async Task ReadRecord(TakeRecord take)
    {
        await ReadWhole(settings.LineBytesMax);
        try
        {
            CheckDocument(Whole);
        }
        catch (JsonException failure)
        {
            throw Unframed($"the body is not one JSON document: {failure.Message}");
        }

        take(Whole, 1);
    }

    /// <summary>Hands on the whole body, whatever it is, after <paramref name="wrap"/> made a record of it.</summary>
    public async Task ReadRecord(TakeRecord take, Func<ReadOnlySpan<byte>, byte[]> wrap)
    {
        await ReadWhole(settings.LineBytesMax);
        take(wrap(Whole), 1);
    }

    /// <summary>Hands on each element of the JSON array that the body is.</summary>
    public async Task ReadArray(TakeRecord take)
    {
        await ReadWhole(settings.RequestBytesMax);
        try
        {
            // Looked at whole first: of an array that ends in mid-air nothing may be decoded and kept.
            CheckDocument(Whole);
            TakeElements(take);
        }
        catch (JsonException failure)
        {
            throw Unframed($"the body is not one JSON array: {failure.Message}");
        }
    }

    public void Dispose() => ArrayPool<byte>.Shared.Return(buffer);

    private ReadOnlySpan<byte> Whole => buffer.AsSpan(start, end - start);

    private async ValueTask<int> Fill()
    {
        if (end == buffer.Length)
        {
            MakeRoom();
        }

        var count = await body.ReadAsync(buffer.AsMemory(end), stop);
        end += count;
        total += count;
        if (total > settings.RequestBytesMax)
        {
            throw TooLong(settings);
        }

        share.Grow(total);
        return count;
    }

    public static ProblemException TooLong(GatewaySettings settings) =>
        ProblemException.TooLarge($"the body is longer than {settings.RequestBytesMax} bytes (requestBytesMax)", "cut it and send the parts one after another; `eventgrains events publish` does so");

    private void MakeRoom()
    {
        var length = end - start;
        var target = length > buffer.Length / 2 ? ArrayPool<byte>.Shared.Rent(buffer.Length * 2) : buffer;
        buffer.AsSpan(start, length).CopyTo(target);
        if (target != buffer)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = target;
        }

        start = 0;
        end = length;
    }

    private void TakeLines(TakeRecord take, ref int line, ref int seen)
    {
        while (true)
        {
            var open = buffer.AsSpan(start, end - start);
            var length = open[seen..].IndexOf((byte)'\n');
            if (length < 0)
            {
                seen = open.Length;
                return;
            }

            length += seen;
            seen = 0;
            start += length + 1;
            line++;
            CheckLine(length, line);
            Take(take, open[..length], line);
        }
    }

    private static void Take(TakeRecord take, ReadOnlySpan<byte> line, int number)
    {
        line = line.Trim(" \t\r"u8);
        if (!line.IsEmpty)
        {
            take(line, number);
        }
    }

    private void TakeElements(TakeRecord take)
    {
        var json = new Utf8JsonReader(Whole);
        json.Read();
        if (json.TokenType != JsonTokenType.StartArray)
        {
            throw Unframed("the body is not a JSON array");
        }

        for (var element = 1; json.Read() && json.TokenType != JsonTokenType.EndArray; element++)
        {
            var from = (int)json.TokenStartIndex;
            json.Skip();
            var record = Whole[from..(int)json.BytesConsumed];
            CheckLine(record.Length, element);
            take(record, element);
        }
    }

    private async Task ReadWhole(int bytesMax)
    {
        while (await Fill() > 0)
        {
            CheckRecord(end - start, bytesMax, 1);
        }

        SkipMark();
        if (Whole.Trim(" \t\r\n"u8).IsEmpty)
        {
            throw Unframed("the body is empty");
        }
    }

    private static void CheckDocument(ReadOnlySpan<byte> whole)
    {
        var json = new Utf8JsonReader(whole);
        while (json.Read())
        {
        }
    }

    // Some tools on Windows begin a file of UTF-8 with a byte order mark.
    private bool SkipMark()
    {
        if (total != end || start != 0 || !buffer.AsSpan(0, end).StartsWith("\uFEFF"u8))
        {
            return false;
        }

        start = 3;
        return true;
    }

    private void CheckLine(int length, int line) => CheckRecord(length, settings.LineBytesMax, line);

    private static void CheckRecord(int length, int bytesMax, int line)
    {
        if (length > bytesMax)
        {
            throw ProblemException.TooLarge($"line {line} is longer than {bytesMax} bytes (lineBytesMax); nothing of this request was kept", "leave it out, or raise lineBytesMax");
        }
    }

    private static ProblemException Unframed(string detail) =>
        ProblemException.BadRequest(detail, "send one JSON document, or one record per line as application/x-ndjson");
}
