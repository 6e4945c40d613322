using EventGrains.Silo.Store.Rows;

namespace EventGrains.Silo.Store.Postgres;

/// <summary>Where a listing by path ended: a row of the directories, and one of the files in it.</summary>
/// <param name="Path">Of the directory: as much of it as the index holds.</param>
/// <param name="Hash">Of storage and directory.</param>
internal readonly record struct PathPlace(byte[] Storage, byte[] Path, long Hash, byte[] Name, long Number)
{
    private const byte Kind = (byte)'P';

    public string ToCursor()
    {
        var row = new RowWriter();
        row.Byte(Kind);
        row.Bytes(Storage);
        row.Bytes(Path);
        row.BigEndian(Hash);
        row.Bytes(Name);
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
                var place = new PathPlace(row.Bytes().ToArray(), row.Bytes().ToArray(), row.BigEndian64(), row.Bytes().ToArray(), row.BigEndian64());
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
