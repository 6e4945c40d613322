using System.Buffers;
using System.Runtime.InteropServices;
using EventGrains.Silo.Store.Rows;
using RocksDbSharp;

namespace EventGrains.Silo.Store.Rocks;

/// <summary>Looks up many keys of one table at once: RocksDB then asks each filter and reads each block once.</summary>
/// <remarks>Add the keys, call <see cref="Run"/>, read the values, dispose. Values stay in RocksDB's memory until then.</remarks>
internal sealed unsafe class BulkRead(int keysMax) : IDisposable
{
    private readonly RowWriter keys = new();
    private readonly int[] ends = ArrayPool<int>.Shared.Rent(Math.Max(1, keysMax));
    private readonly nint[] values = ArrayPool<nint>.Shared.Rent(Math.Max(1, keysMax));
    private int count;
    private int run;

    public int Count => count;

    /// <summary>The writer to append one key to; then call <see cref="EndKey"/>.</summary>
    public RowWriter Key => keys;

    public void EndKey() => ends[count++] = keys.Length;

    /// <exception cref="RocksDbException">A row could not be read.</exception>
    public void Run(RocksTables tables, ColumnFamilyHandle table, ReadOptions options)
    {
        var pointers = ArrayPool<nint>.Shared.Rent(Math.Max(1, count));
        var lengths = ArrayPool<nuint>.Shared.Rent(Math.Max(1, count));
        var errors = new nint[count];
        fixed (byte* first = keys.Written)
        {
            for (int i = 0, start = 0; i < count; start = ends[i++])
            {
                pointers[i] = (nint)(first + start);
                lengths[i] = (nuint)(ends[i] - start);
            }

            fixed (nint* to = values)
            {
                Native.Instance.rocksdb_batched_multi_get_cf(
                    tables.Database.Handle, options.Handle, table.Handle, (nuint)count, pointers, lengths, (nint)to, errors, 0);
            }
        }

        run = count;
        ArrayPool<nint>.Shared.Return(pointers);
        ArrayPool<nuint>.Shared.Return(lengths);
        GC.KeepAlive(options);
        ThrowFirst(errors);
    }

    /// <summary>The value of a key, by its place; false where the table has no such row.</summary>
    public bool TryGet(int place, out ReadOnlySpan<byte> value)
    {
        if (values[place] == 0)
        {
            value = default;
            return false;
        }

        var bytes = Native.Instance.rocksdb_pinnableslice_value(values[place], out var length);
        value = new ReadOnlySpan<byte>((void*)bytes, (int)length);
        return true;
    }

    public void Dispose()
    {
        for (var i = 0; i < run; i++)
        {
            if (values[i] != 0)
            {
                Native.Instance.rocksdb_pinnableslice_destroy(values[i]);
            }
        }

        ArrayPool<int>.Shared.Return(ends);
        ArrayPool<nint>.Shared.Return(values);
    }

    private static void ThrowFirst(nint[] errors)
    {
        RocksDbException? first = null;
        foreach (var error in errors)
        {
            if (error != 0)
            {
                // Takes the message over and frees it; so all are read, and one is thrown.
                var exception = new RocksDbException(error);
                first ??= exception;
            }
        }

        if (first is not null)
        {
            throw first;
        }
    }
}
