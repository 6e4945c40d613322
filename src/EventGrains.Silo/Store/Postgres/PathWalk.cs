using EventGrains.Files;
using EventGrains.Rules;
using EventGrains.Silo.Store.Rows;
using Npgsql;

namespace EventGrains.Silo.Store.Postgres;

/// <summary>Walks files in the order of storage, directory and name over what a pattern's literal beginning leaves possible.</summary>
/// <remarks>
/// The rows of directories say where there is anything; of each, files are read in the order of their names, a bounded number at once.
/// A directory that files of several shards are in has a row of each, and is walked once.
/// </remarks>
internal sealed class PathWalk(NpgsqlConnection connection, string? storage, PathPattern pattern, PathPlace? after)
{
    /// <summary>Directories whose rows one answer brings.</summary>
    private const int DirectoriesAtOnce = 256;

    private readonly Queue<DirectoryRow> directories = [];
    private readonly string literal = pattern.LiteralBeginning;
    private PathPlace? last = after;
    private DirectoryRow? lastDirectory;
    private bool isBegun;
    private bool isAtEnd;

    /// <summary>The next rows, at most <paramref name="max"/>; none at the end.</summary>
    public async Task<List<(PathPlace Place, FileState File)>> Next(int max, CancellationToken ct)
    {
        if (!isBegun)
        {
            isBegun = true;
            if (last is { } resumed)
            {
                // The directory in the middle of which the page before ended.
                directories.Enqueue(lastDirectory = new DirectoryRow(resumed.Storage, resumed.Path, resumed.Hash));
            }
        }

        while (true)
        {
            if (directories.Count == 0)
            {
                await ReadDirectories(ct);
                if (directories.Count == 0)
                {
                    return [];
                }
            }

            var rows = await ReadFiles(max, ct);
            if (rows.Count > 0)
            {
                last = rows[^1].Place;
                return rows;
            }
        }
    }

    private async Task ReadDirectories(CancellationToken ct)
    {
        if (isAtEnd)
        {
            return;
        }

        // Those above the literal beginning ("/a" of "/a/b*") hold it as a name; those that begin with it hold what is below.
        var (parent, _) = PathParts.Of(literal);
        var (parentBytes, literalBytes) = (Hashes.Beginning(parent), Hashes.Beginning(literal));
        var rows = await connection.Rows(
            r => new DirectoryRow(r.Bytes(0), r.Bytes(1), r.GetInt64(2)),
            """
            select distinct storage, substring(path from 1 for 1024) as path, hash from directories
            where ($1::bytea is null or storage = $1)
              and (substring(path from 1 for 1024) = $2 or (substring(path from 1 for 1024) >= $3 and ($4::bytea is null or substring(path from 1 for 1024) < $4)))
              and ($5::bytea is null or (storage, substring(path from 1 for 1024), hash) > ($5, $6, $7))
            order by storage, path, hash limit $8
            """,
            ct,
            storage is null ? null : Hashes.Bytes(storage),
            parentBytes,
            literalBytes,
            Beyond(literalBytes),
            lastDirectory?.Storage,
            lastDirectory?.Path ?? [],
            lastDirectory?.Hash ?? 0,
            DirectoriesAtOnce);
        rows.ForEach(directories.Enqueue);
        isAtEnd = rows.Count < DirectoriesAtOnce;
        lastDirectory = rows.Count > 0 ? rows[^1] : lastDirectory;
    }

    private async Task<List<(PathPlace Place, FileState File)>> ReadFiles(int max, CancellationToken ct)
    {
        // Many small directories are read at once; a large one takes several answers.
        var wanted = directories.ToArray();
        var resumed = last is { } at && at.Hash == wanted[0].Hash ? at : (PathPlace?)null;
        var rows = await connection.Rows(
            r => (Directory: r.GetInt32(2), Name: r.Bytes(3), File: FileEncoding.Read(r.Bytes(1), r.GetInt64(0))),
            """
            select f.number, f.state, d.place::int, f.name
            from unnest($1) with ordinality as d (hash, place)
            cross join lateral (
                select number, state, name from files where directory = d.hash
                  and (d.place > 1 or $2::bytea is null or (name, number) > ($2, $3))
                order by name, number limit $4) as f
            order by d.place, f.name, f.number limit $4
            """,
            ct,
            Array.ConvertAll(wanted, d => d.Hash),
            resumed?.Name,
            resumed?.Number ?? 0,
            max);
        var found = rows.ConvertAll(r => (new PathPlace(wanted[r.Directory - 1].Storage, wanted[r.Directory - 1].Path, wanted[r.Directory - 1].Hash, r.Name, r.File.Number), r.File));

        // What stands before the last row's directory is done; a page that is not full has seen all.
        for (var done = found.Count < max ? wanted.Length : rows[^1].Directory - 1; done > 0; done--)
        {
            directories.Dequeue();
        }

        return found;
    }

    /// <summary>The least bytes that do not begin with these and come after all that do; null when there are none.</summary>
    private static byte[]? Beyond(byte[] beginning)
    {
        for (var length = beginning.Length; length > 0; length--)
        {
            if (beginning[length - 1] < 0xFF)
            {
                var beyond = beginning[..length];
                beyond[^1]++;
                return beyond;
            }
        }

        return null;
    }

    private sealed record DirectoryRow(byte[] Storage, byte[] Path, long Hash);
}
