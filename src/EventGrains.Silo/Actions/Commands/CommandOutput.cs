using System.Text;

namespace EventGrains.Silo.Actions.Commands;

/// <summary>What a command wrote: its beginning and its end, at most so many bytes; what lies between is counted and dropped.</summary>
internal sealed class CommandOutput(int bytesMax)
{
    private readonly byte[] head = new byte[bytesMax / 2];
    private readonly byte[] tail = new byte[bytesMax - (bytesMax / 2)];
    private long total;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (total < head.Length)
        {
            var first = bytes[..(int)Math.Min(bytes.Length, head.Length - total)];
            first.CopyTo(head.AsSpan((int)total));
            total += first.Length;
            bytes = bytes[first.Length..];
        }

        // The tail is a ring; of a longer piece only its end can stay.
        var skipped = Math.Max(0, bytes.Length - tail.Length);
        total += skipped;
        foreach (var b in bytes[skipped..])
        {
            tail[(total++ - head.Length) % tail.Length] = b;
        }
    }

    /// <summary>The kept output as text: bytes that are no UTF-8 and control characters are replaced, so that it breaks no terminal and no log.</summary>
    public string Text
    {
        get
        {
            var inTail = Math.Max(0, total - head.Length);
            var dropped = Math.Max(0, inTail - tail.Length);
            var bytes = new List<byte>(head.AsSpan(0, (int)Math.Min(total, head.Length)).ToArray());
            if (dropped > 0)
            {
                bytes.AddRange(Encoding.UTF8.GetBytes($"\n... {dropped} bytes dropped ...\n"));
            }

            for (var at = dropped; at < inTail; at++)
            {
                bytes.Add(tail[at % tail.Length]);
            }

            var text = new StringBuilder(Encoding.UTF8.GetString([.. bytes]));
            for (var i = 0; i < text.Length; i++)
            {
                if (char.IsControl(text[i]) && text[i] is not ('\n' or '\t'))
                {
                    text[i] = '\uFFFD';
                }
            }

            return text.ToString();
        }
    }

    /// <summary>The end of <see cref="Text"/>, from the beginning of a line where that is possible.</summary>
    public string LastLines(int charactersMax)
    {
        var text = Text.Trim();
        if (text.Length <= charactersMax)
        {
            return text;
        }

        var end = text[^charactersMax..];
        var line = end.IndexOf('\n', StringComparison.Ordinal);
        return line >= 0 && line < end.Length - 1 ? end[(line + 1)..] : end;
    }
}
