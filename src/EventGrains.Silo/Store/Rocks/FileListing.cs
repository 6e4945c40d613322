using EventGrains.Contracts.Files;
using EventGrains.Files;
using EventGrains.Rules;
using EventGrains.Silo.Store.Rows;
using RocksDbSharp;

namespace EventGrains.Silo.Store.Rocks;

/// <summary>Lists files page by page: by path pattern over the path index, otherwise all, in the order of their numbers.</summary>
/// <remarks>A page looks at no more than a bound of rows, and reads all of them as they were at one moment.</remarks>
internal sealed class FileListing(RocksTables tables, int shards, int rowsScannedMax)
{
    private const int RowsAtOnce = 256;

    /// <exception cref="ArgumentException">The cursor is none, or of another query.</exception>
    public FilePage List(FileQuery query) =>
        query.Path is { } path ? ByPath(query, new PathPattern(path)) : ByNumber(query);

    private FilePage ByNumber(FileQuery query)
    {
        byte[] from = NumberPlace.Parse(query.After) is { } after ? new RowWriter().File(after + 1).Written.ToArray() : [];
        using var scan = new Scan(tables, tables.States, default, from, keepsCache: false);
        var items = new List<FileState>();
        long last = 0;
        var scanned = 0;
        while (scan.Next())
        {
            if (items.Count == query.Limit || scanned == rowsScannedMax)
            {
                return new FilePage(items, NumberPlace.ToCursor(last));
            }

            last = new RowReader(scan.Key).BigEndian64();
            scanned++;
            var file = FileEncoding.Read(scan.Value, last);
            if (query.Matches(file))
            {
                items.Add(file);
            }
        }

        return new FilePage(items, null);
    }

    private FilePage ByPath(FileQuery query, PathPattern pattern)
    {
        using var snapshot = tables.Database.CreateSnapshot();
        var options = new ReadOptions().SetSnapshot(snapshot);
        var walk = new PathWalk(tables, snapshot, shards, query.Storage, pattern);
        var items = new List<FileState>();
        var numbers = new List<long>();
        PathPlace last = default;
        var scanned = 0;
        foreach (var place in walk.After(PathPlace.Parse(query.After)))
        {
            if (numbers.Count == Math.Min(RowsAtOnce, query.Limit - items.Count))
            {
                Take(query, numbers, options, items);
            }

            if (items.Count == query.Limit || scanned == rowsScannedMax)
            {
                Take(query, numbers, options, items);
                return new FilePage(items, last.ToCursor());
            }

            last = place;
            scanned++;
            if (pattern.IsMatch(place.Path))
            {
                numbers.Add(place.Number);
            }
        }

        Take(query, numbers, options, items);
        return new FilePage(items, null);
    }

    private void Take(FileQuery query, List<long> numbers, ReadOptions options, List<FileState> items)
    {
        foreach (var file in FileReads.ByNumber(tables, numbers, options))
        {
            if (file is not null && query.Matches(file))
            {
                items.Add(file);
            }
        }

        numbers.Clear();
    }
}
