using System.Buffers.Text;

namespace EventGrains.Silo.Store;

/// <summary>Where a page of a list ended: opaque to clients, safe in a URL.</summary>
internal static class ListCursor
{
    public static string Of(ReadOnlySpan<byte> place) => Base64Url.EncodeToString(place);

    /// <exception cref="ArgumentException">It is no cursor of that list.</exception>
    public static byte[] Parse(string cursor)
    {
        try
        {
            return Base64Url.DecodeFromChars(cursor);
        }
        catch (FormatException e)
        {
            throw Malformed(cursor, e);
        }
    }

    public static ArgumentException Malformed(string cursor, Exception? e = null) =>
        new($"'{cursor}' is not a cursor of this list: use the 'next' of the page before, with the same query", e);
}
