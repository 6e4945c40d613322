using System.Collections.Immutable;
using System.Text.Json;
using EventGrains.Files;

namespace EventGrains.Events;

/// <summary>What an S3 event says of its object.</summary>
/// <remarks>
/// <c>sequencer</c> orders what happens to one key: it is the incarnation of what was put, and a removal closes all incarnations up
/// to its own. Hexadecimal of varying length, so it is padded to one width. Without it existence and size are ordered by the
/// event's time. A permanent removal that names a version says that one version is gone, not that the key is: it has no effect.
/// A key that ends in <c>/</c> marks a folder and is no file.
/// </remarks>
internal static class S3Statements
{
    /// <summary>Sequencers are 16 to 18 digits today.</summary>
    private const int SequencerDigitsMax = 32;

    private const int BucketBytesMax = 255;

    /// <summary>The event's name with the <c>s3:</c> that AWS leaves out in notifications and MinIO writes.</summary>
    public static string TypeOf(JsonElement record, string within)
    {
        var name = WireValue.Of(record, "eventName"u8, within + "eventName");
        var type = name.IsAbsent ? throw name.Refused("missing", "send S3's notification as it is") : name.Name();
        return type.StartsWith("s3:", StringComparison.Ordinal) ? type : "s3:" + type;
    }

    /// <param name="record">One of a notification's <c>Records</c>.</param>
    /// <param name="within">What the names of its members begin with in a rejection.</param>
    /// <returns>Null if it says nothing that we keep.</returns>
    public static StorageEvent? OfNotification(JsonElement record, string type, string within, in DecodeContext context)
    {
        var isCreated = type.StartsWith("s3:ObjectCreated:", StringComparison.Ordinal);
        var isRemoved = type.StartsWith("s3:ObjectRemoved:", StringComparison.Ordinal)
            || type.StartsWith("s3:LifecycleExpiration:Delete", StringComparison.Ordinal);
        if (!isCreated && !isRemoved)
        {
            return null;
        }

        var s3 = Part(record, "s3"u8, within + "s3");
        var within3 = within + "s3.object.";
        var stored = Part(s3, "object"u8, within + "s3.object");
        var isMarker = type.EndsWith(":DeleteMarkerCreated", StringComparison.Ordinal);
        return isRemoved && !isMarker && NamesVersion(WireValue.Of(stored, "versionId"u8, within3 + "versionId"))
            ? null
            : Of(
                type,
                Bucket(s3, within + "s3.bucket"),
                S3Key.Decoded(WireValue.Of(stored, "key"u8, within3 + "key")),
                isCreated,
                WireValue.Of(record, "eventTime"u8, within + "eventTime"),
                WireValue.Of(stored, "sequencer"u8, within3 + "sequencer"),
                WireValue.Of(stored, "size"u8, within3 + "size"),
                WireValue.Of(stored, "eTag"u8, within3 + "eTag"),
                context);
    }

    /// <param name="root">An EventBridge event of source <c>aws.s3</c>.</param>
    public static StorageEvent? OfBridge(JsonElement root, string type, bool isCreated, in DecodeContext context)
    {
        var detail = Part(root, "detail"u8, "detail");
        var stored = Part(detail, "object"u8, "detail.object");
        var isMarker = WireValue.Of(detail, "deletion-type"u8, "detail.deletion-type").Is("Delete Marker Created"u8);
        return !isCreated && !isMarker && NamesVersion(WireValue.Of(stored, "version-id"u8, "detail.object.version-id"))
            ? null
            : Of(
                type,
                Bucket(detail, "detail.bucket"),
                S3Key.Plain(WireValue.Of(stored, "key"u8, "detail.object.key")),
                isCreated,
                WireValue.Of(root, "time"u8, "time"),
                WireValue.Of(stored, "sequencer"u8, "detail.object.sequencer"),
                WireValue.Of(stored, "size"u8, "detail.object.size"),
                WireValue.Of(stored, "etag"u8, "detail.object.etag"),
                context);
    }

    private static StorageEvent? Of(
        string type,
        string bucket,
        string key,
        bool isCreated,
        WireValue time,
        WireValue sequencer,
        WireValue size,
        WireValue entityTag,
        in DecodeContext context)
    {
        if (key[^1] == '/')
        {
            return null;
        }

        var at = time.Date(context);
        var native = bucket + "/" + key;
        var path = new PathRegister(PathRank.Namespace, at, "/" + native);
        var incarnation = sequencer.IsAbsent ? Incarnation.None : Sequenced(sequencer);
        var says = isCreated
            ? ObjectFacts.Stored(
                incarnation,
                at,
                size.IsAbsent ? null : size.Size(),
                Md5(entityTag),
                path,
                new Replica(context.Storage, null, null, at, ReplicaState.Present))
            : ObjectFacts.Deleted(incarnation, path, new Replica(context.Storage, null, null, at, ReplicaState.Removed));
        return new StorageEvent(new FileId(context.Storage, native), type, says);
    }

    private static JsonElement Part(JsonElement parent, ReadOnlySpan<byte> name, string field) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var part) && part.ValueKind == JsonValueKind.Object
            ? part
            : throw new UnreadableException(field, "missing, or not an object", "send S3's event as it is");

    private static string Bucket(JsonElement parent, string field)
    {
        var name = WireValue.Of(Part(parent, "bucket"u8, field), "name"u8, field + ".name");
        var bucket = name.Text(BucketBytesMax);
        return bucket.Length > 0 && !bucket.Contains('/', StringComparison.Ordinal)
            ? bucket
            : throw name.Refused("empty, or holds a slash", "send the bucket's name");
    }

    private static bool NamesVersion(WireValue version) => version.IsText && !version.Is(""u8) && !version.Is("null"u8);

    private static Incarnation Sequenced(WireValue sequencer)
    {
        var digits = sequencer.Text(SequencerDigitsMax);
        return digits.Length > 0 && digits.All(char.IsAsciiHexDigit)
            ? new Incarnation(digits.ToLowerInvariant().PadLeft(SequencerDigitsMax, '0'))
            : throw sequencer.Refused("not hexadecimal", "send the sequencer as the store writes it, or leave it out");
    }

    /// <remarks>The tag is the content's MD5 only for an object that was put in one piece; one of several pieces has a <c>-</c> in it.</remarks>
    private static ImmutableArray<Checksum> Md5(WireValue entityTag)
    {
        if (!entityTag.IsText)
        {
            return [];
        }

        var tag = entityTag.Text(WireValue.NameBytesMax).Trim('"');
        return tag.Length == 32 && tag.All(char.IsAsciiHexDigit) ? [new Checksum("md5", tag.ToLowerInvariant())] : [];
    }
}
