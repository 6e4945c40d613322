using EventGrains.Silo.Store.Rows;
using RocksDbSharp;

namespace EventGrains.Silo.Store.Rocks;

/// <summary>Gives each directory of a shard a number, once, so that the path index does not repeat its path for every file.</summary>
/// <remarks>
/// For the one writer. A number, once durable, is never changed or taken away, so the cache cannot go stale; numbers of a commit
/// under way are apart until it is durable.
/// </remarks>
internal sealed class DirectoryNumbers(RocksTables tables, int shards)
{
    /// <summary>Directories remembered; at the bound all are forgotten and looked up again when needed.</summary>
    public const int CachedMax = 20_000;

    private readonly Dictionary<Key, uint> cached = new(KeyComparer.Instance);
    private readonly Dictionary<Key, uint> pending = new(KeyComparer.Instance);
    private readonly uint[] next = ReadNext(tables, shards);
    private readonly HashSet<int> shardsTouched = [];
    private readonly RowWriter key = new();
    private readonly RowWriter value = new();

    /// <summary>The directory's number, or null when no file was ever in it.</summary>
    public uint? Find(int shard, string storage, ReadOnlySpan<char> path)
    {
        var wanted = new KeySpan(shard, storage, path);
        if (cached.GetAlternateLookup<KeySpan>().TryGetValue(wanted, out var number)
            || pending.GetAlternateLookup<KeySpan>().TryGetValue(wanted, out number))
        {
            return number;
        }

        if (tables.Database.Get(key.Directory(shard, storage, path).Written, tables.Directories) is not { } bytes)
        {
            return null;
        }

        number = new RowReader(bytes).BigEndian32();
        Remember(new Key(shard, storage, path.ToString()), number);
        return number;
    }

    /// <summary>The directory's number; a new one goes into <paramref name="batch"/>.</summary>
    public uint FindOrAdd(WriteBatch batch, int shard, string storage, ReadOnlySpan<char> path)
    {
        if (Find(shard, storage, path) is { } known)
        {
            return known;
        }

        var number = next[shard]++;
        pending.Add(new Key(shard, storage, path.ToString()), number);
        shardsTouched.Add(shard);
        value.Clear().BigEndian(number);
        batch.Put(key.Directory(shard, storage, path).Written, value.Written, tables.Directories);
        return number;
    }

    /// <summary>Writes the next numbers of the shards that got directories.</summary>
    public void Finish(WriteBatch batch)
    {
        foreach (var shard in shardsTouched)
        {
            value.Clear().BigEndian((long)next[shard]);
            batch.Put(key.NextDirectoryKey(shard).Written, value.Written, tables.Meta);
        }
    }

    /// <summary>The batch is durable.</summary>
    public void Publish()
    {
        foreach (var (directory, number) in pending)
        {
            Remember(directory, number);
        }

        pending.Clear();
        shardsTouched.Clear();
    }

    /// <summary>The batch was not written: its numbers are given again.</summary>
    public void Forget()
    {
        foreach (var shard in shardsTouched)
        {
            next[shard] = (uint)Meta.ReadNumber(tables, key.NextDirectoryKey(shard));
        }

        pending.Clear();
        shardsTouched.Clear();
    }

    private void Remember(in Key directory, uint number)
    {
        if (cached.Count >= CachedMax)
        {
            cached.Clear();
        }

        cached[directory] = number;
    }

    private static uint[] ReadNext(RocksTables tables, int shards)
    {
        var key = new RowWriter();
        var next = new uint[shards];
        for (var shard = 0; shard < shards; shard++)
        {
            next[shard] = (uint)Meta.ReadNumber(tables, key.NextDirectoryKey(shard));
        }

        return next;
    }

    private readonly record struct Key(int Shard, string Storage, string Path);

    private readonly ref struct KeySpan(int shard, string storage, ReadOnlySpan<char> path)
    {
        public readonly int Shard = shard;
        public readonly string Storage = storage;
        public readonly ReadOnlySpan<char> Path = path;
    }

    /// <summary>Looks up by a slice of a file's path, so that a known directory costs no string.</summary>
    private sealed class KeyComparer : IEqualityComparer<Key>, IAlternateEqualityComparer<KeySpan, Key>
    {
        public static readonly KeyComparer Instance = new();

        public bool Equals(Key a, Key b) => a == b;

        public int GetHashCode(Key key) => GetHashCode(new KeySpan(key.Shard, key.Storage, key.Path));

        public bool Equals(KeySpan alternate, Key other) =>
            alternate.Shard == other.Shard && alternate.Storage == other.Storage && alternate.Path.SequenceEqual(other.Path);

        public int GetHashCode(KeySpan alternate) =>
            HashCode.Combine(alternate.Shard, alternate.Storage.Length, string.GetHashCode(alternate.Path));

        public Key Create(KeySpan alternate) => new(alternate.Shard, alternate.Storage, alternate.Path.ToString());
    }
}
