using System.Text.Json;
using System.Text.Json.Serialization;
using EventGrains.Cli.Output;

namespace EventGrains.Cli.Publish;

/// <summary>The answers to all bodies, added up. Of the rejections the first by line number are kept; all are counted.</summary>
/// <remarks>Safe to use from several senders at once.</remarks>
internal sealed class PublishSum
{
    public const int RejectionsMax = 100;

    private readonly Lock gate = new();
    private readonly SortedDictionary<long, RejectedLine> rejections = [];

    public long Accepted { get; private set; }

    public long Rejected { get; private set; }

    public long Requests { get; private set; }

    /// <summary>How often a body was sent again because the earlier attempt got no 200.</summary>
    public long Resends { get; private set; }

    public long Bytes { get; private set; }

    public IReadOnlyCollection<RejectedLine> Rejections
    {
        get
        {
            lock (gate)
            {
                return [.. rejections.Values];
            }
        }
    }

    /// <summary>Adds the 200 that a body got; its lines count from 1, the sum's from the input's begin.</summary>
    public void Add(EventBody body, JsonElement answer)
    {
        lock (gate)
        {
            Requests++;
            Bytes += body.Bytes.Length;
            Accepted += answer.Number("accepted");
            Rejected += answer.Number("rejected");
            foreach (var r in answer.Items("rejections"))
            {
                Keep(new RejectedLine(body.FirstLine + r.Number("line") - 1, r.Text("field"), r.Text("reason"), r.Text("remedy")));
            }
        }
    }

    public void Reject(RejectedLine line)
    {
        lock (gate)
        {
            Rejected++;
            Keep(line);
        }
    }

    public void CountResend()
    {
        lock (gate)
        {
            Resends++;
        }
    }

    public string ToJson(TimeSpan took)
    {
        lock (gate)
        {
            return JsonSerializer.Serialize(
                new Form(Accepted, Rejected, [.. rejections.Values], Rejected - rejections.Count, Requests, Resends, Bytes, Math.Round(took.TotalSeconds, 3)),
                JsonText.Compact);
        }
    }

    private void Keep(RejectedLine line)
    {
        rejections[line.Line] = line;
        if (rejections.Count > RejectionsMax)
        {
            rejections.Remove(rejections.Keys.Last());
        }
    }

    private sealed record Form(
        long Accepted,
        long Rejected,
        IReadOnlyList<RejectedLine> Rejections,
        [property: JsonPropertyName("rejectionsOmitted")] long Omitted,
        long Requests,
        long Resends,
        long Bytes,
        double Seconds);
}
