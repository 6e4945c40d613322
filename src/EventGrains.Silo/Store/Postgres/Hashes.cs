using System.IO.Hashing;
using EventGrains.Silo.Store.Rows;

namespace EventGrains.Silo.Store.Postgres;

/// <summary>Hashes of names that are too long for an index: 64 bits of the parts' bytes, each ended, the same on every machine.</summary>
/// <remarks>Whoever looks a row up by its hash compares the names too, where two may have one hash.</remarks>
internal static class Hashes
{
    [ThreadStatic]
    private static RowWriter? writer;

    public static long Of(ReadOnlySpan<char> text)
    {
        var row = (writer ??= new RowWriter()).Clear();
        row.RawText(text);
        return (long)XxHash3.HashToUInt64(row.Written);
    }

    public static long Of(ReadOnlySpan<char> first, ReadOnlySpan<char> second)
    {
        var row = (writer ??= new RowWriter()).Clear();
        row.EndedText(first);
        row.RawText(second);
        return (long)XxHash3.HashToUInt64(row.Written);
    }

    /// <summary>A text's bytes as a column holds them.</summary>
    public static byte[] Bytes(ReadOnlySpan<char> text)
    {
        var row = (writer ??= new RowWriter()).Clear();
        row.RawText(text);
        return row.Written.ToArray();
    }

    /// <summary>The beginning of a text that an index can hold.</summary>
    public static byte[] Beginning(ReadOnlySpan<char> text)
    {
        var row = (writer ??= new RowWriter()).Clear();
        row.RawText(text);
        return row.Written[..Math.Min(row.Length, PostgresSchema.IndexedBytesMax)].ToArray();
    }
}
