using System.Text.Json;
using System.Text.Json.Serialization;
using EventGrains.Contracts.Shards;
using EventGrains.Contracts.Sources;

namespace EventGrains.Gateway.Sources;

/// <param name="Reason">Why it is not running.</param>
internal sealed record SourceJson(
    string Name,
    string Type,
    string Format,
    string Storage,
    SourceState State,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Reason,
    IReadOnlyList<PartitionJson> Partitions)
{
    public static SourceJson Of(SourceView view) => new(
        view.Name,
        view.Type,
        view.Format,
        view.Storage,
        view.State,
        view.Reason,
        [.. view.Partitions.Select(p => new PartitionJson(p.Partition, p.Generation, p.Position, p.Size, p.LagBytes, Math.Round(p.EventsPerSecond, 1)))]);
}

/// <param name="Position">Up to where everything is durable.</param>
/// <param name="Size">How long the partition is now.</param>
internal sealed record PartitionJson(string Partition, long Generation, long Position, long Size, long LagBytes, double EventsPerSecond);

/// <param name="To"><c>earliest</c>, <c>latest</c>, or a position as a number.</param>
internal sealed record SeekRequest(string? Partition, JsonElement To);

/// <param name="SkipUnreadable">Until it has read on, unreadable records no longer pause the source.</param>
internal sealed record ResumeRequest(bool SkipUnreadable = false);

internal sealed record DeadLetterView(
    string Id,
    string Source,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Partition,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? Generation,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? Position,
    string Reason,
    string BytesBase64,
    DateTime At)
{
    public static DeadLetterView Of(DeadLetter letter) => new(
        letter.Id, letter.Source, letter.Partition, letter.Generation, letter.Position, letter.Reason, Convert.ToBase64String(letter.Bytes), letter.At);
}
