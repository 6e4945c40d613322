using System.Runtime.CompilerServices;
using System.Text;

namespace EventGrains.Cli.Client;

internal readonly record struct SseEvent(string Type, string Data);

/// <summary>Reads server-sent events, as the HTML standard defines them, of servers that end lines by LF or CRLF.</summary>
/// <remarks>
/// <see cref="LastId"/> moves only with the empty line that ends an event, also one without data (a heartbeat). The framework's own
/// parser moves it with the <c>id</c> line: a connection that broke right behind it would lose that event.
/// </remarks>
internal sealed class SseReader(Stream stream)
{
    /// <summary>A longer event ends the stream with an error: it is none of ours.</summary>
    public const int EventCharactersMax = 8 << 20;

    private readonly StringBuilder line = new();
    private readonly StringBuilder data = new();
    private string type = "";
    private string? id;
    private bool hasData;

    public string? LastId { get; private set; }

    public async IAsyncEnumerable<SseEvent> Read([EnumeratorCancellation] CancellationToken ct)
    {
        using var reader = new StreamReader(stream, Encoding.UTF8, detectEncodingFromByteOrderMarks: false, leaveOpen: true);
        var buffer = new char[8192];
        for (int count; (count = await reader.ReadAsync(buffer, ct)) > 0;)
        {
            var from = 0;
            for (int end; (end = Array.IndexOf(buffer, '\n', from, count - from)) >= 0; from = end + 1)
            {
                line.Append(buffer, from, end - from);
                if (TakeLine() is { } complete)
                {
                    yield return complete;
                }
            }

            line.Append(buffer, from, count - from);
            if (line.Length + data.Length > EventCharactersMax)
            {
                throw new IOException($"an event of more than {EventCharactersMax} characters came; is this an EventGrains server?");
            }
        }
    }

    private SseEvent? TakeLine()
    {
        if (line.Length > 0 && line[^1] == '\r')
        {
            line.Length--;
        }

        if (line.Length == 0)
        {
            return Dispatch();
        }

        var text = line.ToString();
        line.Clear();
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var field = colon < 0 ? text : text[..colon];
        var value = colon < 0 ? "" : text[(colon + 1)..];
        value = value.StartsWith(' ') ? value[1..] : value;
        switch (field)
        {
            case "event":
                type = value;
                break;
            case "data":
                _ = hasData ? data.Append('\n') : data;
                data.Append(value);
                hasData = true;
                break;
            case "id" when !value.Contains('\0', StringComparison.Ordinal):
                id = value;
                break;
        }

        return null;
    }

    private SseEvent? Dispatch()
    {
        LastId = id ?? LastId;
        SseEvent? complete = hasData ? new SseEvent(type.Length > 0 ? type : "message", data.ToString()) : null;
        (type, hasData) = ("", false);
        data.Clear();
        return complete;
    }
}
