using EventGrains.Silo.Store.Rows;
using RocksDbSharp;

namespace EventGrains.Silo.Store.Rocks;

/// <summary>Rows of low-rate grain states, written one by one with an expected version.</summary>
internal static class GrainRows
{
    private const int Format = 1;

    public static GrainRow? Read(RocksTables tables, string key)
    {
        if (tables.Database.Get(KeyOf(key).Written, tables.Grains) is not { } bytes)
        {
            return null;
        }

        var row = new RowReader(bytes);
        row.Version("grain", Format);
        var version = (long)row.Varint();
        return new GrainRow(row.Bytes().ToArray(), version);
    }

    /// <summary>The caller holds the lock that makes reading, comparing and writing one.</summary>
    public static bool Write(RocksTables tables, string key, byte[]? state, long expectedVersion, WriteOptions synced)
    {
        if ((Read(tables, key)?.Version ?? 0) != expectedVersion)
        {
            return false;
        }

        if (state is null)
        {
            tables.Database.Remove(KeyOf(key).Written, tables.Grains, synced);
            return true;
        }

        var row = new RowWriter();
        row.Byte(Format);
        row.Varint(expectedVersion + 1);
        row.Bytes(state);
        tables.Database.Put(KeyOf(key).Written, row.Written, tables.Grains, synced);
        return true;
    }

    private static RowWriter KeyOf(string key)
    {
        var writer = new RowWriter();
        writer.RawText(key);
        return writer;
    }
}
