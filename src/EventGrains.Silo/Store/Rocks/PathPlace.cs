using EventGrains.Silo.Store.Rows;

namespace EventGrains.Silo.Store.Rocks;

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
