using EventGrains.Rules;
using EventGrains.Silo.Store.Rows;
using RocksDbSharp;

namespace EventGrains.Silo.Store.Rocks;

/// <summary>Walks the path index in its order (shard, storage, directory, name) over what a pattern's literal beginning leaves possible.</summary>
internal sealed class PathWalk(RocksTables tables, Snapshot snapshot, int shards, string? storage, PathPattern pattern)
{
    private readonly string literal = pattern.LiteralBeginning;
    private readonly RowWriter key = new();

    /// <summary>The rows after a place (null for all), whether or not they match the pattern.</summary>
    public IEnumerable<PathPlace> After(PathPlace? place)
    {
        for (var shard = place?.Shard ?? 0; shard < shards; shard++)
        {
            var resume = place?.Shard == shard ? place : null;
            foreach (var (storageHere, directory, number) in Directories(shard, resume))
            {
                var isResumed = resume is { } at && at.Storage == storageHere && at.Directory == directory;
                foreach (var row in Files(shard, storageHere, directory, number, isResumed ? resume : null))
                {
                    yield return row;
                }
            }
        }
    }

    private IEnumerable<(string Storage, string Path, uint Number)> Directories(int shard, PathPlace? resume)
    {
        byte[] prefix = (storage is null ? key.Shard(shard) : key.Directory(shard, storage, "")).Written.ToArray();
        byte[] from = resume is { } at ? key.Directory(shard, at.Storage, at.Directory).Written.ToArray() : [];
        using var scan = new Scan(tables, tables.Directories, prefix, from, snapshot);
        while (scan.Next())
        {
            var reader = new RowReader(scan.Key);
            reader.BigEndian16();
            var storageHere = reader.EndedText();
            if (SkipTo(scan.Key, shard, storageHere) is { } next)
            {
                scan.Seek(next);
                continue;
            }

            yield return (storageHere, reader.RawText(), new RowReader(scan.Value).BigEndian32());
        }
    }

    /// <summary>Null when files of this directory may match; otherwise the next directory key that can matter.</summary>
    private byte[]? SkipTo(ReadOnlySpan<byte> directory, int shard, string storageHere)
    {
        // The directory that the literal beginning stands in ("/a" of "/a/b*"), and all whose paths begin with it ("/a/bc", "/a/bc/d").
        var parent = key.Directory(shard, storageHere, Parent).Written;
        var toParent = directory.SequenceCompareTo(parent);
        if (toParent <= 0)
        {
            return toParent == 0 ? null : parent.ToArray();
        }

        var below = key.Directory(shard, storageHere, literal).Written;
        if (directory.StartsWith(below))
        {
            return null;
        }

        return directory.SequenceCompareTo(below) < 0 ? below.ToArray() : Scan.After(key.Directory(shard, storageHere, "").Written);
    }

    private ReadOnlySpan<char> Parent
    {
        get
        {
            var (directory, _) = PathParts.Of(literal);
            return directory;
        }
    }

    private IEnumerable<PathPlace> Files(int shard, string storageHere, string directory, uint number, PathPlace? after)
    {
        var prefix = NamesWanted(shard, directory, number);
        byte[] from = after is { } at ? key.Path(shard, number, at.Name, at.Number).Written.ToArray() : [];
        using var scan = new Scan(tables, tables.Paths, prefix, from, snapshot);
        while (scan.Next())
        {
            if (after is not null && scan.Key.SequenceEqual(from))
            {
                continue;
            }

            var reader = new RowReader(scan.Key);
            reader.BigEndian16();
            reader.BigEndian32();
            yield return new PathPlace(shard, storageHere, directory, reader.EndedText(), reader.BigEndian64());
        }
    }

    private byte[] NamesWanted(int shard, string directory, uint number)
    {
        var (parent, nameBeginning) = PathParts.Of(literal);
        if (!parent.SequenceEqual(directory) || nameBeginning.IsEmpty)
        {
            return key.DirectoryFiles(shard, number).Written.ToArray();
        }

        key.DirectoryName(shard, number, nameBeginning);
        key.Truncate(key.Length - 2);
        return key.Written.ToArray();
    }
}
