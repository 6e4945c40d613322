using RocksDbSharp;

namespace EventGrains.Silo.Store.Rocks;

/// <summary>Reads a table's rows in key order within bounds, as they were when the scan began.</summary>
/// <remarks>Spans are valid until the next move. Must be disposed before the database is closed.</remarks>
internal sealed unsafe class Scan : IDisposable
{
    // RocksDB keeps a pointer to the bound for as long as the iterator lives, so the bytes may not move.
    private readonly byte[] upperBound;
    private readonly ReadOptions options = new();
    private readonly Iterator iterator;
    private bool began;

    /// <param name="prefix">Only keys that begin so; empty for all.</param>
    /// <param name="from">The first key wanted, or null for the first under the prefix.</param>
    /// <param name="keepsCache">False for long scans, which would push everything else out of the cache.</param>
    public Scan(RocksTables tables, ColumnFamilyHandle table, ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> from = default, Snapshot? snapshot = null, bool keepsCache = true)
    {
        upperBound = After(prefix);
        if (upperBound.Length > 0)
        {
            fixed (byte* bound = upperBound)
            {
                options.SetIterateUpperBound(bound, (ulong)upperBound.Length);
            }
        }

        if (snapshot is not null)
        {
            options.SetSnapshot(snapshot);
        }

        options.SetFillCache(keepsCache);
        iterator = tables.Database.NewIterator(table, options);
        iterator.Seek(from.SequenceCompareTo(prefix) > 0 ? from : prefix);
    }

    public ReadOnlySpan<byte> Key => iterator.GetKeySpan();

    public ReadOnlySpan<byte> Value => iterator.GetValueSpan();

    /// <summary>Moves to the first, then to the next row; false at the end.</summary>
    /// <exception cref="RocksDbException">A row could not be read.</exception>
    public bool Next()
    {
        if (began)
        {
            iterator.Next();
        }

        began = true;
        return IsValid();
    }

    /// <summary>Goes on at this key or the first after it. Then call <see cref="Next"/>.</summary>
    public void Seek(ReadOnlySpan<byte> key)
    {
        iterator.Seek(key);
        began = false;
    }

    public void Dispose()
    {
        iterator.Dispose();
        GC.KeepAlive(options);
        GC.KeepAlive(upperBound);
    }

    /// <summary>The least key greater than all that begin with <paramref name="prefix"/>; empty when there is none.</summary>
    public static byte[] After(ReadOnlySpan<byte> prefix)
    {
        var length = prefix.TrimEnd((byte)0xFF).Length;
        var bound = GC.AllocateUninitializedArray<byte>(length, pinned: true);
        prefix[..length].CopyTo(bound);
        if (length > 0)
        {
            bound[length - 1]++;
        }

        return bound;
    }

    private bool IsValid()
    {
        if (iterator.Valid())
        {
            return true;
        }

        // An iterator that met a broken block is not valid either: the end must not be taken for the error, nor the error for the end.
        Native.Instance.rocksdb_iter_get_error(iterator.Handle);
        return false;
    }
}
