using EventGrains.Files;

namespace EventGrains.Silo.Store.Rows;

/// <summary>One copy within a file's row; a copy in the file's own storage does not name it.</summary>
internal static class ReplicaEncoding
{
    private const int StateMask = 7;
    private const int Evicted = 1 << 3;
    private const int OtherStorage = 1 << 4;
    private const int Pool = 1 << 5;
    private const int Path = 1 << 6;
    private const int Checksum = 1 << 7;

    public static void Write(RowWriter row, in Replica replica, string storage)
    {
        var isOther = replica.Storage != storage;
        row.Byte(((int)replica.State & StateMask)
            | (replica.Evicted ? Evicted : 0)
            | (isOther ? OtherStorage : 0)
            | (replica.Pool is null ? 0 : Pool)
            | (replica.Path is null ? 0 : Path)
            | (replica.Checksum is null ? 0 : Checksum));
        TextEncoding.WriteIfAny(row, isOther ? replica.Storage : null);
        TextEncoding.WriteIfAny(row, replica.Pool);
        TextEncoding.WriteIfAny(row, replica.Path);
        row.Time(replica.SaidAt);
        if (replica.Checksum is { } checksum)
        {
            ChecksumEncoding.Write(row, checksum);
        }
    }

    public static Replica Read(ref RowReader row, string storage)
    {
        var head = row.Byte();
        return new Replica(
            (head & OtherStorage) == 0 ? storage : row.Name(),
            (head & Pool) == 0 ? null : row.Name(),
            (head & Path) == 0 ? null : row.Text(),
            row.Time(),
            (ReplicaState)(head & StateMask),
            (head & Checksum) == 0 ? null : ChecksumEncoding.Read(ref row),
            (head & Evicted) != 0);
    }
}
