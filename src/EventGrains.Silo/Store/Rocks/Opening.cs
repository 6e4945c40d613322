using System.Security.Cryptography;
using RocksDbSharp;

namespace EventGrains.Silo.Store.Rocks;

/// <summary>Opens or creates the store's directory, and says what to do when that cannot be.</summary>
internal static class Opening
{
    /// <summary>What a file in the directory must be called for it to be a RocksDB.</summary>
    private const string Current = "CURRENT";

    /// <returns>The open tables, with the shards and the history that the store was created with.</returns>
    /// <exception cref="StoreUnusableException">In use, newer, damaged, not writable, or no store; the message says which, and what to do.</exception>
    public static (RocksTables Tables, int Shards, int History) Open(string directory, SiloSettings settings)
    {
        CheckDirectory(directory);
        RocksTables tables;
        try
        {
            tables = RocksTables.Open(directory, settings);
        }
        catch (RocksDbException e)
        {
            throw Explain(directory, e);
        }

        try
        {
            var (shards, history) = ReadOrCreate(tables, directory, settings.ShardsOfNewStore);
            return (tables, shards, history);
        }
        catch (RocksDbException e)
        {
            tables.Dispose();
            throw Explain(directory, e);
        }
        catch
        {
            tables.Dispose();
            throw;
        }
    }

    /// <summary>An operator's words for what RocksDB says in its own.</summary>
    public static StoreUnusableException Explain(string directory, RocksDbException e)
    {
        var text = e.Message;
        return text switch
        {
            _ when Says(text, "lock hold by current process") || Says(text, "While lock file") && !Says(text, "denied") && !Says(text, "Read-only") =>
                new($"the store in {directory} is in use by another process: stop that process, or choose another data directory", e),
            _ when Says(text, "Permission denied") || Says(text, "Operation not permitted") =>
                new($"the store in {directory} cannot be written: give this user the right to write there, or choose another data directory ({text})", e),
            _ when Says(text, "Read-only file system") =>
                new($"the store in {directory} is on a file system that is mounted read-only: mount it for writing, or choose another data directory ({text})", e),
            _ when Says(text, "No space left on device") =>
                new($"the disk of {directory} is full: make room, then start again; nothing acknowledged is lost ({text})", e),
            _ when Says(text, "Corruption") =>
                new($"the store in {directory} is damaged: restore it from a backup, or move it away and let the sources be read again ({text})", e),
            _ => new($"the store in {directory} cannot be opened: {text}", e),
        };
    }

    private static bool Says(string text, string words) => text.Contains(words, StringComparison.OrdinalIgnoreCase);

    private static void CheckDirectory(string directory)
    {
        try
        {
            if (File.Exists(directory))
            {
                throw new StoreUnusableException($"{directory} is a file: name a directory, which is created if it does not exist");
            }

            System.IO.Directory.CreateDirectory(directory);
            if (!File.Exists(Path.Combine(directory, Current)) && HoldsForeignFiles(directory))
            {
                throw new StoreUnusableException(
                    $"{directory} holds files and is no store: choose an empty directory or one that does not exist");
            }
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            throw new StoreUnusableException(
                $"the directory {directory} cannot be created or read: {e.Message} Give this user the right to it, or choose another data directory", e);
        }
    }

    /// <summary>RocksDB makes its lock and its own log before <c>CURRENT</c>, and a start may have been killed between.</summary>
    private static bool HoldsForeignFiles(string directory)
    {
        foreach (var entry in System.IO.Directory.EnumerateFileSystemEntries(directory))
        {
            var name = Path.GetFileName(entry);
            var isOurs = name is "LOCK" or "IDENTITY" || name.StartsWith("LOG", StringComparison.Ordinal)
                || name.StartsWith("MANIFEST-", StringComparison.Ordinal) || name.StartsWith("OPTIONS-", StringComparison.Ordinal)
                || name.EndsWith(".dbtmp", StringComparison.Ordinal) || name.EndsWith(".log", StringComparison.Ordinal);
            if (!isOurs)
            {
                return true;
            }
        }

        return false;
    }

    private static (int Shards, int History) ReadOrCreate(RocksTables tables, string directory, int shards)
    {
        var schema = Meta.ReadDigits(tables, Meta.SchemaKey);
        if (schema is null)
        {
            return Create(tables, directory, shards);
        }

        if (schema > Meta.Schema)
        {
            throw new StoreUnusableException(
                $"the store in {directory} is of schema {schema} and this program knows schemas up to {Meta.Schema}: start the program that wrote it, or a newer one");
        }

        if (schema < Meta.Schema)
        {
            // Older rows are read as they are; from here on the older program, which would write its own, is refused.
            tables.Database.Put(Meta.SchemaKey, Meta.Digits(Meta.Schema), tables.Meta, new WriteOptions().SetSync(true));
        }

        return ((int)(Meta.ReadDigits(tables, Meta.ShardsKey) ?? shards), (int)(Meta.ReadDigits(tables, Meta.HistoryKey) ?? 1));
    }

    private static (int Shards, int History) Create(RocksTables tables, string directory, int shards)
    {
        using (var scan = new Scan(tables, tables.Meta, default))
        {
            if (scan.Next())
            {
                throw new StoreUnusableException($"{directory} holds a RocksDB that is no store of this program: choose another directory");
            }
        }

        // Another life than that of any store that was here before: cursors of that one must meet a gap, not a place that means something else.
        var history = RandomNumberGenerator.GetInt32(1, int.MaxValue / 2);
        using var batch = new WriteBatch();
        batch.Put(Meta.SchemaKey, Meta.Digits(Meta.Schema), tables.Meta);
        batch.Put(Meta.HistoryKey, Meta.Digits(history), tables.Meta);
        batch.Put(Meta.ShardsKey, Meta.Digits(shards), tables.Meta);
        tables.Database.Write(batch, new WriteOptions().SetSync(true));
        return (shards, history);
    }
}
