using EventGrains.Silo.Store.Rows;

namespace EventGrains.Silo.Store;

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
