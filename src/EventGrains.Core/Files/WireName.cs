using System.Buffers;
using System.Globalization;
using System.Text;
using Orleans.Serialization.Buffers;
using Orleans.Serialization.Cloning;
using Orleans.Serialization.Codecs;
using Orleans.Serialization.WireProtocol;

namespace EventGrains.Files;

/// <summary>A name that crosses from silo to silo as it is. Names are bytes: what is no UTF-8 we hold as lone surrogates, and Orleans, which writes UTF-8, would put the same sign for each.</summary>
/// <remarks>Nearly every name is written as any text, and then nothing is copied. In others a lone surrogate is written as a mark and four hexadecimal digits, the mark itself likewise.</remarks>
[Immutable]
public readonly record struct WireName(string? Value)
{
    /// <summary>A code point that Unicode gives to nobody, so that names hold it only to try us.</summary>
    private const char Mark = '\uFDD0';

    private static readonly SearchValues<char> Suspicious = SearchValues.Create([Mark, .. Enumerable.Range(0xD800, 0x800).Select(c => (char)c)]);

    public static implicit operator WireName(string? name) => new(name);

    /// <summary>The name as text that is good UTF-8.</summary>
    public static string? Encode(string? name)
    {
        if (name is null || !name.AsSpan().ContainsAny(Suspicious))
        {
            return name;
        }

        var text = new StringBuilder(name.Length + 8);
        for (var i = 0; i < name.Length; i++)
        {
            if (char.IsHighSurrogate(name[i]) && i + 1 < name.Length && char.IsLowSurrogate(name[i + 1]))
            {
                text.Append(name, i++, 2);
            }
            else if (char.IsSurrogate(name[i]) || name[i] == Mark)
            {
                text.Append(Mark).Append(((int)name[i]).ToString("X4", CultureInfo.InvariantCulture));
            }
            else
            {
                text.Append(name[i]);
            }
        }

        return text.ToString();
    }

    /// <summary>The name that <see cref="Encode"/> wrote.</summary>
    public static string? Decode(string? wire)
    {
        if (wire is null || !wire.Contains(Mark, StringComparison.Ordinal))
        {
            return wire;
        }

        var text = new StringBuilder(wire.Length);
        for (var i = 0; i < wire.Length; i++)
        {
            if (wire[i] == Mark && i + 4 < wire.Length && ushort.TryParse(wire.AsSpan(i + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code))
            {
                text.Append((char)code);
                i += 4;
            }
            else
            {
                text.Append(wire[i]);
            }
        }

        return text.ToString();
    }
}

[RegisterSerializer]
internal sealed class WireNameCodec : IFieldCodec<WireName>
{
    public void WriteField<TBufferWriter>(ref Writer<TBufferWriter> writer, uint fieldIdDelta, Type? expectedType, WireName value)
        where TBufferWriter : IBufferWriter<byte> =>
        StringCodec.WriteField(ref writer, fieldIdDelta, WireName.Encode(value.Value));

    public WireName ReadValue<TInput>(ref Reader<TInput> reader, Field field) => new(WireName.Decode(StringCodec.ReadValue(ref reader, field)));
}

[RegisterCopier]
internal sealed class WireNameCopier : ShallowCopier<WireName>;
