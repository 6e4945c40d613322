using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text.Json;
using EventGrains.Files;

namespace EventGrains.Events;

/// <summary>What a CloudEvent of our types says of its file; the types and members are described at <see cref="CloudEventsDecoder"/>.</summary>
internal static class CloudEventStatements
{
    private const string Stored = "org.eventgrains.file.stored";
    private const string Deleted = "org.eventgrains.file.deleted";
    private const string Located = "org.eventgrains.file.located";
    private const string ReplicaPresent = "org.eventgrains.replica.present";
    private const string ReplicaRemoved = "org.eventgrains.replica.removed";
    private const string S3Prefix = "com.amazonaws.s3.";

    public static bool AreMadeBy(string type) =>
        type is Stored or Deleted or Located or ReplicaPresent or ReplicaRemoved || type.StartsWith(S3Prefix, StringComparison.Ordinal);

    /// <param name="data">An object, or nothing.</param>
    /// <returns>Null if it says nothing that we keep.</returns>
    public static StorageEvent? Of(JsonElement root, JsonElement data, string type, in DecodeContext context)
    {
        if (type.StartsWith(S3Prefix, StringComparison.Ordinal))
        {
            return S3Statements.OfNotification(data, S3Statements.TypeOf(data, "data."), "data.", context);
        }

        var at = WireValue.Of(root, "time"u8, "time").Date(context);
        var says = type switch
        {
            Stored => OfStored(data, at, context),
            Deleted => ObjectFacts.Deleted(IncarnationOf(data), PathOf(data, at), Place(data, context.Storage, null, at, ReplicaState.Removed)),
            Located => OfLocated(data, at),
            ReplicaPresent => OfReplica(data, at, ReplicaState.Present, context),
            _ => OfReplica(data, at, ReplicaState.Removed, context),
        };
        return new StorageEvent(Id(root, data, context), type, says);
    }

    private static FileFacts OfStored(JsonElement data, DateTime at, in DecodeContext context)
    {
        var size = WireValue.Of(data, "size"u8, "data.size");
        return ObjectFacts.Stored(
            IncarnationOf(data),
            at,
            size.IsAbsent ? null : size.Size(),
            Checksums(data),
            PathOf(data, at),
            Place(data, context.Storage, null, at, ReplicaState.Present));
    }

    private static FileFacts OfLocated(JsonElement data, DateTime at)
    {
        var path = PathOf(data, at);
        return path.Value is not null
            ? new FileFacts { Path = path }
            : throw new UnreadableException("data.path", "missing", "send the path that the file now has");
    }

    private static FileFacts OfReplica(JsonElement data, DateTime at, ReplicaState state, in DecodeContext context)
    {
        var named = WireValue.Of(data, "storage"u8, "data.storage");
        var storage = named.IsAbsent ? context.Storage : named.Name();

        // A copy in the file's own storage is found by the file's path, so the copy's key has none.
        var path = storage == context.Storage ? null : PathOf(data, at).Value;
        var checksums = Checksums(data);
        var replica = Place(data, storage, path, at, state);
        return new FileFacts
        {
            Incarnation = IncarnationOf(data),
            Replicas = [checksums.IsEmpty ? replica : replica with { Checksum = checksums[^1] }],
        };
    }

    private static Replica Place(JsonElement data, string storage, string? path, DateTime at, ReplicaState state)
    {
        var pool = WireValue.Of(data, "pool"u8, "data.pool");
        return new Replica(storage, pool.IsAbsent ? null : pool.Name(), path, at, state);
    }

    private static FileId Id(JsonElement root, JsonElement data, in DecodeContext context)
    {
        var id = WireValue.Of(data, "id"u8, "data.id");
        id = id.IsAbsent ? WireValue.Of(root, "subject"u8, "subject") : id;
        var native = id.IsAbsent ? "" : id.Text(FileId.NativeBytesMax);
        return native.Length == 0 ? throw new UnreadableException("data.id", "missing or empty", "name the file in data.id or in subject, by its storage's own identity")
            : native[0] == '/' ? throw id.Refused("begins with /, which names a path", "send the storage's own identity of the file, and the path as data.path")
            : new FileId(context.Storage, native);
    }

    private static Incarnation IncarnationOf(JsonElement data)
    {
        var incarnation = WireValue.Of(data, "incarnation"u8, "data.incarnation");
        return incarnation.IsAbsent ? Incarnation.None
            : incarnation.IsText && !incarnation.Is(""u8) ? new Incarnation(incarnation.Text(WireValue.NameBytesMax))
            : throw incarnation.Refused("not a text, or empty", "send a text that is ordered character by character: pad numbers to one width");
    }

    private static PathRegister PathOf(JsonElement data, DateTime at)
    {
        var member = WireValue.Of(data, "path"u8, "data.path");
        if (member.IsAbsent)
        {
            return default;
        }

        var path = member.Text(WireValue.PathBytesMax);
        return path.Length > 1 && path[0] == '/' && path[^1] != '/'
            ? new PathRegister(PathRank.Namespace, at, path)
            : throw member.Refused("not a file's path", "begin it with /, at the storage's root, and end it with the file's name");
    }

    private static ImmutableArray<Checksum> Checksums(JsonElement data)
    {
        var member = WireValue.Of(data, "checksums"u8, "data.checksums");
        if (member.IsAbsent)
        {
            return [];
        }

        if (!member.IsObject)
        {
            throw member.Refused("not an object", "send {\"adler32\": \"0a1b2c3d\"}");
        }

        var checksums = new SortedSet<Checksum>();
        foreach (var property in data.GetProperty("checksums"u8).EnumerateObject())
        {
            checksums.Add(ChecksumOf(property));
        }

        return [.. checksums.Skip(checksums.Count - FileFacts.ChecksumsMax)];
    }

    private static Checksum ChecksumOf(JsonProperty property)
    {
        var value = new WireValue("data.checksums", JsonMarshal.GetRawUtf8Value(property.Value));
        var digits = value.Text(WireValue.NameBytesMax);
        var algorithm = property.Name;
        return algorithm.Length is > 0 and <= 32 && algorithm.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')
            && digits.Length > 0 && digits.All(char.IsAsciiHexDigit)
            ? new Checksum(algorithm.ToLowerInvariant(), digits.ToLowerInvariant())
            : throw value.Refused("not an algorithm's name with hexadecimal digits", "send {\"adler32\": \"0a1b2c3d\"}");
    }
}
