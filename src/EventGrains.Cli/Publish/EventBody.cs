namespace EventGrains.Cli.Publish;

/// <summary>Some whole lines of the input, sent as one request; the same bytes are sent again until they are answered.</summary>
/// <param name="FirstLine">The number of its first line in the input, from 1.</param>
internal sealed record EventBody(long FirstLine, int Lines, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>Two bodies of half the lines each, for a server whose bounds are narrower.</summary>
    public (EventBody First, EventBody Second) Halve()
    {
        var half = Lines / 2;
        var cut = 0;
        for (var line = 0; line < half; line++)
        {
            cut += Bytes.Span[cut..].IndexOf((byte)'\n') + 1;
        }

        return (new EventBody(FirstLine, half, Bytes[..cut]), new EventBody(FirstLine + half, Lines - half, Bytes[cut..]));
    }
}

/// <summary>A line that was not accepted, by its number in the input.</summary>
internal sealed record RejectedLine(long Line, string Field, string Reason, string Remedy);
