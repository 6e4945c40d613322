using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace EventGrains.LoadTest.Generator;

/// <summary>UTF-8 text appended to a buffer that the caller has made large enough.</summary>
internal ref struct RecordText(Span<byte> buffer)
{
    private readonly Span<byte> _buffer = buffer;

    public int Length { get; private set; }

    public void Add(ReadOnlySpan<byte> utf8)
    {
        utf8.CopyTo(_buffer[Length..]);
        Length += utf8.Length;
    }

    public void Add(string text) => Length += Encoding.UTF8.GetBytes(text, _buffer[Length..]);

    public void Add(long number)
    {
        Utf8Formatter.TryFormat(number, _buffer[Length..], out var written);
        Length += written;
    }

    /// <summary>Milliseconds as seconds with up to three digits, trailing zeros cut.</summary>
    public void AddSeconds(long milliseconds)
    {
        Add(milliseconds / 1000);
        AddFraction((int)(milliseconds % 1000));
    }

    /// <summary>A date as dCache writes it: by the server's own zone, and of the fraction only what is not zero.</summary>
    public void AddDate(long millisecondsAfterEpoch, bool inUtc)
    {
        var date = FileLife.Epoch.AddMilliseconds(millisecondsAfterEpoch + (inUtc ? 0 : 3_600_000));
        date.TryFormat(_buffer[Length..], out var written, "yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture);
        Length += written;
        AddFraction(date.Millisecond);
        Add(inUtc ? "Z"u8 : "+01:00"u8);
    }

    private void AddFraction(int milliseconds)
    {
        if (milliseconds == 0)
        {
            return;
        }

        _buffer[Length++] = (byte)'.';
        for (var (rest, unit) = (milliseconds, 100); rest > 0; rest %= unit, unit /= 10)
        {
            _buffer[Length++] = (byte)('0' + rest / unit);
        }
    }
}
