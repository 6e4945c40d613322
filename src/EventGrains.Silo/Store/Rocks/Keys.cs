using System.IO.Hashing;
using EventGrains.Contracts.Shards;
using EventGrains.Contracts.Transitions;
using EventGrains.Files;
using EventGrains.Silo.Store.Rows;

namespace EventGrains.Silo.Store.Rocks;

/// <summary>How rows are keyed. Numbers are big-endian, so that the order of bytes is the order of numbers.</summary>
/// <remarks>Each method clears the writer first and writes one whole key, or the beginning that a range of keys shares.</remarks>
internal static class Keys
{
    /// <summary>A file's number holds its shard in the high 16 bits and counts below.</summary>
    public const int ShardShift = 48;

    public static int ShardOf(long number) => (int)((ulong)number >> ShardShift);

    public static long FirstNumberOf(int shard) => (long)shard << ShardShift;

    public static RowWriter File(this RowWriter key, long number)
    {
        key.Clear().BigEndian(number);
        return key;
    }

    /// <summary>Ids are only looked up, never listed, so they are kept as short as a row's text.</summary>
    public static RowWriter Id(this RowWriter key, int shard, in FileId id)
    {
        key.Shard(shard);
        key.AppendId(id);
        return key;
    }

    public static void AppendId(this RowWriter key, in FileId id)
    {
        key.Text(id.Storage);
        key.Text(id.Native);
    }

    public static RowWriter Shard(this RowWriter key, int shard)
    {
        key.Clear().BigEndian((ushort)shard);
        return key;
    }

    /// <summary>Directories of one shard, by storage and path; also the beginning of all below a path.</summary>
    public static RowWriter Directory(this RowWriter key, int shard, ReadOnlySpan<char> storage, ReadOnlySpan<char> path)
    {
        key.Shard(shard).EndedText(storage);
        key.RawText(path);
        return key;
    }

    public static RowWriter DirectoryFiles(this RowWriter key, int shard, uint directory)
    {
        key.Shard(shard).BigEndian(directory);
        return key;
    }

    /// <summary>All files under one name of one directory: an old one that was deleted, the new one that lives.</summary>
    public static RowWriter DirectoryName(this RowWriter key, int shard, uint directory, ReadOnlySpan<char> name)
    {
        key.DirectoryFiles(shard, directory).EndedText(name);
        return key;
    }

    public static RowWriter Path(this RowWriter key, int shard, uint directory, ReadOnlySpan<char> name, long number)
    {
        key.DirectoryName(shard, directory, name).BigEndian(number);
        return key;
    }

    public static RowWriter Log(this RowWriter key, long index, int ordinal)
    {
        key.Clear().BigEndian(index);
        key.BigEndian((uint)ordinal);
        return key;
    }

    public static RowWriter Sequence(this RowWriter key, int shard, long sequence)
    {
        key.Shard(shard).BigEndian(sequence);
        return key;
    }

    public static Cursor ReadLog(ReadOnlySpan<byte> key, int history)
    {
        var reader = new RowReader(key);
        return new Cursor(history, reader.BigEndian64(), (int)reader.BigEndian32());
    }

    public static RowWriter FileHistory(this RowWriter key, long number, int version)
    {
        key.Clear().BigEndian(number);
        key.BigEndian((uint)version);
        return key;
    }

    public static RowWriter Intent(this RowWriter key, int shard, Intent intent)
    {
        key.Shard(shard).BigEndian(intent.FileNumber);
        StepEncoding.WriteKey(key, intent.Step);
        return key;
    }

    /// <summary>By name first, so that a dataset's shards stand together and datasets are listed in the order of their names.</summary>
    public static RowWriter Counts(this RowWriter key, ReadOnlySpan<char> dataset, int shard)
    {
        key.Clear().EndedText(dataset);
        key.BigEndian((ushort)shard);
        return key;
    }

    public static RowWriter Position(this RowWriter key, int shard, string source, string partition)
    {
        key.Shard(shard).EndedText(source);
        key.RawText(partition);
        return key;
    }

    public static RowWriter Partition(this RowWriter key, string source, string partition)
    {
        key.Clear().EndedText(source);
        key.RawText(partition);
        return key;
    }

    /// <summary>By source, partition, generation and position. A record without a position is told from others by its bytes.</summary>
    public static RowWriter DeadLetter(this RowWriter key, DeadLetter letter)
    {
        key.Clear().EndedText(letter.Source);
        key.EndedText(letter.Partition ?? "");
        key.BigEndian(letter.Generation ?? 0);
        key.BigEndian(letter.Position ?? 0);
        if (letter.Position is null)
        {
            key.BigEndian((long)XxHash3.HashToUInt64(letter.Bytes));
        }

        return key;
    }

    public static RowWriter Alias(this RowWriter key, int shard, string storage, string path) => key.Directory(shard, storage, path);

    public static RowWriter Rule(this RowWriter key, string name, string generation)
    {
        key.Clear().EndedText(name);
        key.RawText(generation);
        return key;
    }

    public static RowWriter Text(this RowWriter key, string prefix, int shard)
    {
        key.Clear().RawText(prefix);
        key.BigEndian((ushort)shard);
        return key;
    }
}
