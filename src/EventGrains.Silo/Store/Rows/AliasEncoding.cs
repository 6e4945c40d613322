using EventGrains.Files;

namespace EventGrains.Silo.Store.Rows;

/// <summary>The row of a copy's path in a replica storage; storage and path are its key.</summary>
internal static class AliasEncoding
{
    private const int Format = 1;

    public static void Write(RowWriter row, AliasRow alias)
    {
        row.Byte(Format);
        row.Byte((alias.Incarnation.IsNone ? 0 : 1) | (alias.Checksum is null ? 0 : 2));
        row.Text(alias.File.Storage);
        row.Text(alias.File.Native);
        TextEncoding.WriteIfAny(row, alias.Incarnation.Value);
        if (alias.Checksum is { } checksum)
        {
            ChecksumEncoding.Write(row, checksum);
        }
    }

    public static AliasRow Read(ReadOnlySpan<byte> bytes, string storage, string path)
    {
        var row = new RowReader(bytes);
        row.Version("alias", Format);
        var has = row.Byte();
        return new AliasRow(
            storage,
            path,
            new FileId(row.Name(), row.Text()),
            new Incarnation((has & 1) == 0 ? null : row.Text()),
            (has & 2) == 0 ? null : ChecksumEncoding.Read(ref row));
    }
}
