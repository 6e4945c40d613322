using EventGrains.Files;
using EventGrains.Silo.Store.Rows;
using RocksDbSharp;

namespace EventGrains.Silo.Store.Rocks;

/// <summary>Finds states of files by id and by path.</summary>
internal static class FileReads
{
    private static readonly ReadOptions Plain = new();

    /// <summary>One place per id; null where there is no row. Most ids of an intake are new, and the filters say so without a read.</summary>
    public static FileState?[] Load(RocksTables tables, int shard, IReadOnlyList<FileId> ids)
    {
        var states = new FileState?[ids.Count];
        using var lookUps = new BulkRead(ids.Count);
        for (var i = 0; i < ids.Count; i++)
        {
            lookUps.Key.BigEndian((ushort)shard);
            lookUps.Key.AppendId(ids[i]);
            lookUps.EndKey();
        }

        lookUps.Run(tables, tables.Ids, Plain);
        var numbers = new List<long>();
        var places = new List<int>();
        for (var i = 0; i < ids.Count; i++)
        {
            if (lookUps.TryGet(i, out var number))
            {
                numbers.Add(new RowReader(number).BigEndian64());
                places.Add(i);
            }
        }

        var found = ByNumber(tables, numbers, Plain);
        for (var i = 0; i < places.Count; i++)
        {
            states[places[i]] = found[i];
        }

        return states;
    }

    /// <summary>The states of files by their numbers; null where there is no row.</summary>
    public static FileState?[] ByNumber(RocksTables tables, List<long> numbers, ReadOptions options)
    {
        var states = new FileState?[numbers.Count];
        if (numbers.Count == 0)
        {
            return states;
        }

        using var rows = new BulkRead(numbers.Count);
        foreach (var number in numbers)
        {
            rows.Key.BigEndian(number);
            rows.EndKey();
        }

        rows.Run(tables, tables.States, options);
        for (var i = 0; i < states.Length; i++)
        {
            states[i] = rows.TryGet(i, out var row) ? FileEncoding.Read(row, numbers[i]) : null;
        }

        return states;
    }

    public static long? NumberOf(RocksTables tables, int shard, FileId id, ReadOptions? options = null) =>
        tables.Database.Get(new RowWriter().Id(shard, id).Written, tables.Ids, options) is { } bytes ? new RowReader(bytes).BigEndian64() : null;

    /// <summary>Files under one path in every shard: the live first, then the newest. Of more than <paramref name="rowsMax"/> the others are not looked at.</summary>
    public static List<FileState> ByPath(RocksTables tables, int shards, string storage, string path, int limit, int rowsMax)
    {
        var numbers = NumbersUnder(tables, shards, storage, path, rowsMax);
        var files = new List<FileState>(numbers.Count);
        foreach (var file in ByNumber(tables, numbers, Plain))
        {
            // A rename may have been committed between the two reads.
            if (file?.Facts.Path.Value == path)
            {
                files.Add(file);
            }
        }

        return FileFilter.LiveThenNewest(files, limit);
    }

    private static List<long> NumbersUnder(RocksTables tables, int shards, string storage, string path, int rowsMax)
    {
        var (directoryPath, name) = PathParts.Of(path);
        using var directories = new BulkRead(shards);
        for (var shard = 0; shard < shards; shard++)
        {
            directories.Key.BigEndian((ushort)shard);
            directories.Key.EndedText(storage);
            directories.Key.RawText(directoryPath);
            directories.EndKey();
        }

        directories.Run(tables, tables.Directories, Plain);
        var key = new RowWriter();
        var numbers = new List<long>();
        for (var shard = 0; shard < shards; shard++)
        {
            if (!directories.TryGet(shard, out var directory))
            {
                continue;
            }

            using var scan = new Scan(tables, tables.Paths, key.DirectoryName(shard, new RowReader(directory).BigEndian32(), name).Written);
            while (numbers.Count < rowsMax && scan.Next())
            {
                numbers.Add(new RowReader(scan.Key[^sizeof(long)..]).BigEndian64());
            }
        }

        return numbers;
    }
}
