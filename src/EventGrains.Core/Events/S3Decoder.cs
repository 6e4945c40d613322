using System.Text.Json;

namespace EventGrains.Events;

/// <summary>Reads the notifications of S3 stores: AWS and those that follow it (<c>Records</c>), MinIO (the same, wrapped), and S3's events through EventBridge.</summary>
/// <remarks>
/// An object is <c>bucket/key</c> and its path <c>/bucket/key</c>, since a storage may hold several buckets. Notifications encode
/// the key as in a URL, with <c>+</c> for a space; EventBridge does not. What the events say: <see cref="S3Statements"/>. One
/// notification may hold several records: if one cannot be read, all are rejected. Test messages and other events are accepted
/// without effect.
/// </remarks>
public sealed class S3Decoder : DocumentDecoder
{
    /// <summary>Counts a notification with an empty list.</summary>
    public const string EmptyType = "<empty>";

    private const string BridgeCreated = "Object Created";
    private const string BridgeDeleted = "Object Deleted";

    public override string Format => "s3";

    private protected override bool IsRecord(JsonElement root) =>
        root.TryGetProperty("Records"u8, out _) || root.TryGetProperty("detail-type"u8, out _) || root.TryGetProperty("Event"u8, out _);

    private protected override string TypeOf(JsonElement root)
    {
        var records = WireValue.Of(root, "Records"u8, "Records");
        if (!records.IsAbsent)
        {
            var list = root.GetProperty("Records"u8);
            return !records.IsArray ? throw records.Refused("not a list", "send S3's notification as it is")
                : list.GetArrayLength() == 0 ? EmptyType
                : S3Statements.TypeOf(list[0], "Records[0].");
        }

        var detailType = WireValue.Of(root, "detail-type"u8, "detail-type");
        var test = WireValue.Of(root, "Event"u8, "Event");
        return !detailType.IsAbsent ? detailType.Name()
            : !test.IsAbsent ? test.Name()
            : throw records.Refused("missing", "send S3's or MinIO's notifications or EventBridge's events, or choose the source's right format");
    }

    private protected override void Conclude(JsonElement root, string type, in DecodeContext context, List<StorageEvent> events)
    {
        if (root.TryGetProperty("Records"u8, out var records) && records.ValueKind == JsonValueKind.Array)
        {
            var index = 0;
            foreach (var record in records.EnumerateArray())
            {
                var within = $"Records[{index++}].";
                AddIfAny(S3Statements.OfNotification(record, S3Statements.TypeOf(record, within), within, context), events);
            }
        }
        else if (type is BridgeCreated or BridgeDeleted && WireValue.Of(root, "source"u8, "source").Is("aws.s3"u8))
        {
            AddIfAny(S3Statements.OfBridge(root, type, type == BridgeCreated, context), events);
        }
    }

    private static void AddIfAny(StorageEvent? said, List<StorageEvent> events)
    {
        if (said is not null)
        {
            events.Add(said);
        }
    }
}
