using System.Diagnostics.Metrics;
using System.Text;
using EventGrains.Contracts;
using EventGrains.Contracts.Shards;
using EventGrains.Events;
using EventGrains.Files;

namespace EventGrains.Silo.Sources.Logs;

/// <summary>Turns lines into a stretch's parts: events to the shards of their files, unreadable records to the shard that keeps the partition's dead letters.</summary>
internal sealed class LogRecords(
    string source, string partition, string storage, IEventDecoder decoder, int shards, int lineBytesMax, TimeProvider time)
{
    private readonly List<StorageEvent> decoded = [];
    private readonly int deadLetterShard = new FileId(source, partition).ShardOf(shards);
    private readonly KeyValuePair<string, object?> sourceTag = new("source", source);

    public UnreadableWindow Window { get; } = new();

    /// <summary>Since this reader began.</summary>
    public long Read { get; private set; }

    public long Rejected { get; private set; }

    /// <summary>False for a blank line, which is no record.</summary>
    public bool Take(long generation, long lineBegin, in LineSplitter.Line line, LogStretch stretch)
    {
        var record = line.Bytes.Trim(" \t\r"u8);
        if (record.IsEmpty)
        {
            return false;
        }

        Read++;
        if (line.Length > lineBytesMax)
        {
            Reject(generation, lineBegin, record, stretch, $"the line has {line.Length} bytes, more than {lineBytesMax} (lineBytesMax); its beginning is kept");
            return true;
        }

        var now = time.GetUtcNow().UtcDateTime;
        decoded.Clear();
        var outcome = decoder.Decode(record, new DecodeContext(storage, now), decoded);
        if (outcome.Rejection is { } rejection)
        {
            Reject(generation, lineBegin, record, stretch, Describe(rejection));
            return true;
        }

        Window.Add(false);
        if (decoded.Count == 0)
        {
            SourceMetrics.WithoutEffect(source, outcome.Type);
        }

        foreach (var item in decoded)
        {
            var part = stretch.Part(item.File.ShardOf(shards));
            part.Events.Add(item);
            part.Positions.Add(line.End);
        }

        return true;
    }

    /// <summary>A dead letter that stands for records which cannot be had.</summary>
    public void Lose(RangePoint at, string reason, ReadOnlySpan<byte> unfinished, LogStretch stretch) =>
        stretch.Part(deadLetterShard).DeadLetters.Add(new DeadLetter(
            source, partition, at.Generation, at.Position, reason, Kept(unfinished), time.GetUtcNow().UtcDateTime));

    private void Reject(long generation, long lineBegin, ReadOnlySpan<byte> record, LogStretch stretch, string reason)
    {
        Rejected++;
        Window.Add(true);
        if (record.Length > DeadLetter.BytesMax)
        {
            reason += $"; the first {DeadLetter.BytesMax} of {record.Length} bytes are kept";
        }

        stretch.Part(deadLetterShard).DeadLetters.Add(new DeadLetter(
            source, partition, generation, lineBegin, reason, Kept(record), time.GetUtcNow().UtcDateTime));
    }

    private static byte[] Kept(ReadOnlySpan<byte> record) => record[..Math.Min(record.Length, DeadLetter.BytesMax)].ToArray();

    private static string Describe(Rejection rejection) =>
        new StringBuilder().Append(rejection.Field).Append(": ").Append(rejection.Reason).Append("; ").Append(rejection.Remedy).ToString();
}
