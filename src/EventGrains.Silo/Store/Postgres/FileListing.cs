using EventGrains.Contracts.Files;
using EventGrains.Files;
using EventGrains.Rules;
using EventGrains.Silo.Store.Rows;
using Npgsql;

namespace EventGrains.Silo.Store.Postgres;

/// <summary>Lists files page by page, each after the key where the one before ended: by path pattern in the order of paths, otherwise in the order of numbers.</summary>
internal sealed class FileListing(NpgsqlConnection connection, int rowsScannedMax)
{
    /// <summary>Rows of one answer; a page takes as many answers as it needs.</summary>
    private const int RowsAtOnce = 1_000;

    /// <exception cref="ArgumentException">The cursor is none, or of another query.</exception>
    public Task<FilePage> List(FileQuery query, CancellationToken ct) =>
        query.Path is { } path ? ByPath(query, new PathPattern(path), ct) : ByNumber(query, ct);

    private async Task<FilePage> ByNumber(FileQuery query, CancellationToken ct)
    {
        var items = new List<FileState>();
        var last = NumberPlace.Parse(query.After) ?? -1;
        for (var scanned = 0; scanned < rowsScannedMax;)
        {
            var wanted = Math.Min(RowsAtOnce, rowsScannedMax - scanned);
            var files = await connection.Rows(FileReads.Read, "select number, state from files where number > $1 order by number limit $2", ct, last, wanted);
            foreach (var file in files)
            {
                if (items.Count == query.Limit)
                {
                    return new FilePage(items, NumberPlace.ToCursor(last));
                }

                last = file.Number;
                scanned++;
                if (query.Matches(file))
                {
                    items.Add(file);
                }
            }

            if (files.Count < wanted)
            {
                return new FilePage(items, null);
            }
        }

        return new FilePage(items, NumberPlace.ToCursor(last));
    }

    private async Task<FilePage> ByPath(FileQuery query, PathPattern pattern, CancellationToken ct)
    {
        await using var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, ct);
        var walk = new PathWalk(connection, query.Storage, pattern, PathPlace.Parse(query.After));
        var items = new List<FileState>();
        PathPlace? last = null;
        for (var scanned = 0; ;)
        {
            var rows = await walk.Next(Math.Min(RowsAtOnce, Math.Max(1, rowsScannedMax - scanned)), ct);
            foreach (var (place, file) in rows)
            {
                if (items.Count == query.Limit || scanned == rowsScannedMax)
                {
                    return new FilePage(items, last!.Value.ToCursor());
                }

                last = place;
                scanned++;
                if (file.Facts.Path.Value is { } path && pattern.IsMatch(path) && query.Matches(file))
                {
                    items.Add(file);
                }
            }

            if (rows.Count == 0)
            {
                return new FilePage(items, null);
            }
        }
    }
}
