using System.Buffers.Text;
using EventGrains.Silo.Store.Rows;

namespace EventGrains.Silo.Store.Rocks;

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

/// <summary>A row of the path index: where a listing by path ended.</summary>
internal readonly record struct PathPlace(int Shard, string Storage, string Directory, string Name, long Number)
{
    private const byte Kind = (byte)'p';

    public string Path => Directory + "/" + Name;

    public string ToCursor()
    {
        var row = new RowWriter();
        row.Byte(Kind);
        row.BigEndian((ushort)Shard);
        row.Text(Storage);
        row.Text(Directory);
        row.Text(Name);
        row.BigEndian(Number);
        return ListCursor.Of(row.Written);
    }

    /// <exception cref="ArgumentException">It is no cursor of a listing by path.</exception>
    public static PathPlace? Parse(string? cursor)
    {
        if (cursor is null)
        {
            return null;
        }

        try
        {
            var row = new RowReader(ListCursor.Parse(cursor));
            if (row.Byte() == Kind)
            {
                var place = new PathPlace(row.BigEndian16(), row.Text(), row.Text(), row.Text(), row.BigEndian64());
                if (row.IsAtEnd)
                {
                    return place;
                }
            }
        }
        catch (InvalidDataException)
        {
            // Said below.
        }

        throw ListCursor.Malformed(cursor);
    }
}

/// <summary>A file's number: where a listing of all files ended.</summary>
internal static class NumberPlace
{
    private const byte Kind = (byte)'n';

    public static string ToCursor(long number)
    {
        var row = new RowWriter();
        row.Byte(Kind);
        row.BigEndian(number);
        return ListCursor.Of(row.Written);
    }

    /// <exception cref="ArgumentException">It is no cursor of a listing of all files.</exception>
    public static long? Parse(string? cursor)
    {
        if (cursor is null)
        {
            return null;
        }

        var bytes = ListCursor.Parse(cursor);
        return bytes.Length == 1 + sizeof(long) && bytes[0] == Kind ? new RowReader(bytes.AsSpan(1)).BigEndian64() : throw ListCursor.Malformed(cursor);
    }
}
