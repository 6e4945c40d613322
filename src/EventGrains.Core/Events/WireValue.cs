using System.Buffers.Text;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace EventGrains.Events;

/// <summary>One value of a record, still as its JSON bytes, and the name under which a rejection speaks of it. Read when it is needed, so what proves nothing is not judged.</summary>
/// <param name="field">The member's name, with the ones it lies in: <c>status.code</c>.</param>
/// <param name="raw">Valid JSON of one value, with its quotes; empty if the member is absent.</param>
/// <remarks>
/// Text must be valid Unicode: a lone surrogate or broken UTF-8 is refused, since replacing it would make two names one, and no
/// store could give it back. A NUL is a character like any other.
/// </remarks>
internal readonly ref struct WireValue(string field, ReadOnlySpan<byte> raw)
{
    /// <summary>The longest name of a pool, type or algorithm, in UTF-8 bytes.</summary>
    public const int NameBytesMax = 256;

    /// <summary>The longest path, in UTF-8 bytes.</summary>
    public const int PathBytesMax = 64 * 1024;

    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    public string Field { get; } = field;

    public ReadOnlySpan<byte> Raw { get; } = raw;

    /// <summary>A member that is null says as little as one that is absent.</summary>
    public bool IsAbsent => Raw.IsEmpty || Raw[0] == 'n';

    public bool IsText => !Raw.IsEmpty && Raw[0] == '"';

    public bool IsObject => !Raw.IsEmpty && Raw[0] == '{';

    public bool IsArray => !Raw.IsEmpty && Raw[0] == '[';

    private ReadOnlySpan<byte> Inside => Raw[1..^1];

    public static WireValue Of(JsonElement parent, ReadOnlySpan<byte> name, string field) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var value)
            ? new WireValue(field, JsonMarshal.GetRawUtf8Value(value))
            : new WireValue(field, default);

    /// <summary>The text's UTF-8 bytes, escapes resolved. Not checked to be valid UTF-8 where nothing was escaped.</summary>
    /// <exception cref="UnreadableException">No text, or an escape that is no Unicode.</exception>
    public ReadOnlySpan<byte> Bytes()
    {
        if (!IsText)
        {
            throw Refused("not a text", "send a JSON string");
        }

        if (!Inside.Contains((byte)'\\'))
        {
            return Inside;
        }

        var reader = new Utf8JsonReader(Raw);
        reader.Read();
        var bytes = new byte[Inside.Length];
        try
        {
            return bytes.AsSpan(0, reader.CopyString(bytes));
        }
        catch (InvalidOperationException)
        {
            throw NotUnicode();
        }
    }

    /// <exception cref="UnreadableException">No text, no Unicode, or longer than <paramref name="bytesMax"/>.</exception>
    public string Text(int bytesMax) => Text(Bytes(), bytesMax);

    /// <summary>The text of bytes that were this value's, and were decoded further.</summary>
    /// <exception cref="UnreadableException">As for <see cref="Text(int)"/>.</exception>
    public string Text(ReadOnlySpan<byte> bytes, int bytesMax)
    {
        if (bytes.Length > bytesMax)
        {
            throw Refused($"{bytes.Length} bytes long, of at most {bytesMax}", "shorten it at the source; the record is kept as a dead letter");
        }

        try
        {
            return Strict.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            throw NotUnicode();
        }
    }

    /// <summary>A text of which there are few.</summary>
    /// <exception cref="UnreadableException">As for <see cref="Text(int)"/>, or empty.</exception>
    public string Name()
    {
        var bytes = Bytes();
        if (bytes.IsEmpty || bytes.Length > NameBytesMax)
        {
            throw Refused($"{bytes.Length} bytes long, of 1 to {NameBytesMax}", "send the name as the storage writes it");
        }

        return Ascii.IsValid(bytes) ? InternedNames.Get(bytes) : Text(NameBytesMax);
    }

    /// <exception cref="UnreadableException">No whole number of 64 bits.</exception>
    public long Integer() =>
        Utf8Parser.TryParse(Raw, out long value, out var used) && used == Raw.Length
            ? value
            : throw Refused("not a whole number of 64 bits", "send a JSON number without fraction and exponent");

    /// <summary>Bytes; 1 EiB, so that a number that stands for "unknown" is not taken for a length.</summary>
    public const long SizeMax = 1L << 60;

    /// <exception cref="UnreadableException">No whole number of 64 bits, below zero, or above <see cref="SizeMax"/>.</exception>
    public long Size() => Integer() switch
    {
        < 0 and var value => throw Refused($"{value} is below zero", "send the length in bytes, or leave it out if it is not known"),
        > SizeMax and var value => throw Refused($"{value} is more than a file can have", $"send the length in bytes, {SizeMax} at most, or leave it out if it is not known"),
        var value => value,
    };

    /// <summary>False if absent.</summary>
    /// <exception cref="UnreadableException">Neither true nor false.</exception>
    public bool Flag() => !IsAbsent && (Raw[0] == 't' || (Raw[0] == 'f' ? false : throw Refused("neither true nor false", "send a JSON boolean")));

    /// <exception cref="UnreadableException">Absent, no date, without offset, or more than <see cref="DecodeContext.DateAheadMax"/> ahead.</exception>
    public DateTime Date(in DecodeContext context)
    {
        if (IsAbsent)
        {
            throw Refused("missing: without it the event cannot be ordered", "send an ISO 8601 date with offset, such as 2026-03-04T09:15:02.481+01:00");
        }

        if (!WireDate.TryParse(Bytes(), out var utc))
        {
            throw Refused("not a date and time with an offset", "send ISO 8601, such as 2026-03-04T09:15:02.481+01:00");
        }

        return utc <= context.DateMax
            ? utc
            : throw Refused($"{utc:O} is more than a day ahead of our clock", "set the producer's clock right; such a date would outdo every later event");
    }

    /// <summary>Whether it is a text that equals <paramref name="text"/>.</summary>
    public bool Is(ReadOnlySpan<byte> text) => IsText && Bytes().SequenceEqual(text);

    public UnreadableException Refused(string reason, string remedy) => new(Field, reason, remedy);

    public UnreadableException NotUnicode() =>
        Refused("not valid Unicode (broken UTF-8, or half of a surrogate pair)", "send UTF-8; the record is kept as a dead letter");
}
