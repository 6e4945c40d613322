using EventGrains.Files;
using EventGrains.Silo.Store.Rows;
using Npgsql;

namespace EventGrains.Silo.Store.Postgres;

/// <summary>Finds states of files by id and by path.</summary>
internal static class FileReads
{
    /// <summary>One place per id; null where there is no row.</summary>
    public static async Task<FileState?[]> Load(NpgsqlConnection connection, IReadOnlyList<FileId> ids, CancellationToken ct)
    {
        var places = new Dictionary<FileId, int>(ids.Count);
        var hashes = new long[ids.Count];
        for (var i = 0; i < ids.Count; i++)
        {
            places[ids[i]] = i;
            hashes[i] = (long)ids[i].Hash();
        }

        var states = new FileState?[ids.Count];
        foreach (var file in await connection.Rows(Read, "select number, state from files where id_hash = any($1)", ct, hashes))
        {
            if (places.TryGetValue(file.Id, out var place))
            {
                states[place] = file;
            }
        }

        return states;
    }

    /// <summary>Files under one path: the live first, then the newest. Of more than <paramref name="rowsMax"/> the others are not looked at.</summary>
    public static async Task<IReadOnlyList<FileState>> ByPath(
        NpgsqlConnection connection, string storage, string path, int limit, int rowsMax, CancellationToken ct)
    {
        var (directory, name) = PathParts.Of(path);
        var (hash, beginning) = (Hashes.Of(storage, directory), Hashes.Beginning(name));
        var files = await connection.Rows(Read, "select number, state from files where directory = $1 and name = $2 limit $3", ct, hash, beginning, rowsMax);

        // Of two directories of one hash, and of names longer than the index holds, the state tells.
        files.RemoveAll(f => f.Id.Storage != storage || f.Facts.Path.Value != path);
        return FileFilter.LiveThenNewest(files, limit);
    }

    /// <summary>Of a row that begins with number and state.</summary>
    public static FileState Read(NpgsqlDataReader reader) => FileEncoding.Read(reader.Bytes(1), reader.GetInt64(0));
}
