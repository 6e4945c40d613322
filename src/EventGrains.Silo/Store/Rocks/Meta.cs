using System.Globalization;
using System.Text;
using EventGrains.Silo.Store.Rows;
using RocksDbSharp;

namespace EventGrains.Silo.Store.Rocks;

/// <summary>What the store knows of itself: the rows of its default table.</summary>
internal static class Meta
{
    /// <summary>Counts up with every change of rows or keys that an older program could not read, or would write wrongly.</summary>
    /// <remarks>
    /// 2: transitions have their shard's sequence. Those of a store of schema 1 keep none, and its shards count from 1.
    /// 3: a shard's last sequence is one row; before, each change set had one.
    /// </remarks>
    public const int Schema = 3;

    public static readonly byte[] SchemaKey = "schema"u8.ToArray();
    public static readonly byte[] HistoryKey = "history"u8.ToArray();
    public static readonly byte[] ShardsKey = "shards"u8.ToArray();
    public static readonly byte[] TotalsKey = "totals"u8.ToArray();
    public static readonly byte[] PrunedKey = "pruned"u8.ToArray();

    /// <summary>Kept as digits, so that any later program can read them whatever became of the rows.</summary>
    public static byte[] Digits(long number) => Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture));

    public static long? ReadDigits(RocksTables tables, byte[] key) =>
        tables.Database.Get(key, tables.Meta) is { } bytes ? long.Parse(bytes, CultureInfo.InvariantCulture) : null;

    public static RowWriter EpochKey(this RowWriter key, int shard) => key.Text("epoch:", shard);

    public static RowWriter NextDirectoryKey(this RowWriter key, int shard) => key.Text("directory:", shard);

    public static long ReadNumber(RocksTables tables, RowWriter key) =>
        tables.Database.Get(key.Written, tables.Meta) is { } bytes ? new RowReader(bytes).BigEndian64() : 0;

    public static Totals ReadTotals(RocksTables tables, ReadOptions? options = null) =>
        Get(tables, TotalsKey, options) is { } bytes ? Totals.Read(bytes) : Totals.None;

    public static Pruned ReadPruned(RocksTables tables, ReadOptions? options = null) =>
        Get(tables, PrunedKey, options) is { } bytes ? Pruned.Read(bytes) : Pruned.Nothing;

    private static byte[]? Get(RocksTables tables, byte[] key, ReadOptions? options)
    {
        var bytes = tables.Database.Get(key, tables.Meta, options);

        // The binding passes the options' handle on, and a finalizer frees it: they must outlive the call.
        GC.KeepAlive(options);
        return bytes;
    }
}
