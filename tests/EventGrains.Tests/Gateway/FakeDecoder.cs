using System.Text;
using EventGrains.Events;
using EventGrains.Files;

namespace EventGrains.Tests.Gateway;

/// <summary>Reads records that are words: <c>"A1"</c> is one event about file A1, <c>"A1 B2"</c> two, <c>"nothing"</c> none, <c>"bad..."</c> is unreadable, <c>"throw"</c> throws.</summary>
public sealed class FakeDecoder(string format = "words") : IEventDecoder
{
    public string Format => format;

    public Decoded Decode(ReadOnlySpan<byte> record, in DecodeContext context, List<StorageEvent> events)
    {
        var text = Encoding.UTF8.GetString(record).Trim().Trim('"');
        if (text.StartsWith("bad", StringComparison.Ordinal))
        {
            return new Decoded("<unreadable>", new Rejection("word", $"'{text[..Math.Min(20, text.Length)]}' is bad", "write a good one"));
        }

        if (text == "throw")
        {
            throw new InvalidOperationException("a bug");
        }

        if (text == "nothing")
        {
            return new Decoded("warning");
        }

        foreach (var word in text.Split(' '))
        {
            events.Add(new StorageEvent(new FileId(context.Storage, word), "stored", FileFacts.Nothing));
        }

        return new Decoded("stored");
    }
}
