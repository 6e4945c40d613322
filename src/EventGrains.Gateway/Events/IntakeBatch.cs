using System.Buffers;
using EventGrains.Contracts.Shards;
using EventGrains.Events;
using EventGrains.Gateway.Http;

namespace EventGrains.Gateway.Events;

/// <summary>The records of one request while it is at work: their events, the line each came from, and what was rejected.</summary>
/// <remarks>Used again for later requests; the arrays that grains get are fresh, because what crossed a grain call is never used again.</remarks>
internal sealed class IntakeBatch
{
    /// <summary>How many rejections an answer lists; more are counted in <c>rejectionsOmitted</c>.</summary>
    public const int RejectionsListedMax = 100;

    /// <summary>At so many lines a mostly unreadable body is taken for one in a wrong format.</summary>
    private const int LinesJudgedMin = 100;

    private readonly List<StorageEvent> events = [];
    private readonly List<int> lines = [];
    private readonly HashSet<int> linesNotMerged = [];
    private readonly List<RejectionView> rejections = [];
    private readonly Dictionary<string, int> withoutEffect = [];

    private string format = "";
    private int eventsMax;

    public int Records { get; private set; }

    public int Rejected { get; private set; }

    /// <summary>Where a decoder puts what a record says, before <see cref="Add"/> takes note of it.</summary>
    public List<StorageEvent> Events => events;

    /// <summary>How many records said nothing that is kept, by their type.</summary>
    public IReadOnlyDictionary<string, int> WithoutEffect => withoutEffect;

    public void Begin(string format, int eventsMax) => (this.format, this.eventsMax) = (format, eventsMax);

    /// <summary>Takes note of one record that was decoded into <see cref="Events"/>.</summary>
    /// <exception cref="ProblemException">413: more records or events than one request may hold.</exception>
    public void Add(in Decoded decoded, int line)
    {
        var before = lines.Count;
        Records++;
        if (decoded.Rejection is { } rejection)
        {
            events.RemoveRange(before, events.Count - before);
            Reject(line, rejection);
        }
        else if (events.Count == before)
        {
            withoutEffect[decoded.Type] = withoutEffect.GetValueOrDefault(decoded.Type) + 1;
        }

        if (Records > eventsMax || events.Count > eventsMax)
        {
            throw ProblemException.TooLarge($"the body holds more than {eventsMax} events (requestEventsMax)", "cut it and send the parts one after another; `eventgrains events publish` does so");
        }

        while (lines.Count < events.Count)
        {
            lines.Add(line);
        }
    }

    /// <summary>Refuses a body most of which cannot be read: whoever sent it named the wrong format, and half of it must not be stored.</summary>
    public void Judge()
    {
        if (Records >= LinesJudgedMin && Rejected * 2 > Records)
        {
            var first = rejections[0];
            throw new ProblemException(
                StatusCodes.Status422UnprocessableEntity,
                "Wrong format",
                $"{Rejected} of {Records} records cannot be read as '{format}', so nothing was stored; the first is line {first.Line}: {first.Field}: {first.Reason}",
                "name the format with ?format=, or send to the source that declares it");
        }
    }

    /// <summary>The events of each shard, in their order.</summary>
    public ShardedEvents Split(int shards) => new(events, shards);

    /// <summary>A record whose event could not be merged: nothing of that event is kept.</summary>
    public void RejectEvent(int index)
    {
        // One record may have several events that fail, in several shards: it is one rejection.
        var line = lines[index];
        if (linesNotMerged.Add(line))
        {
            Reject(line, new Rejection("", "what it says could not be merged into the file's state; the server's log holds the reason", "report it; sending it again will not help"));
        }
    }

    public IntakeAnswer Answer()
    {
        rejections.Sort((a, b) => a.Line.CompareTo(b.Line));
        return new IntakeAnswer(Records - Rejected, Rejected, [.. rejections], Rejected - rejections.Count);
    }

    public void Clear()
    {
        events.Clear();
        lines.Clear();
        linesNotMerged.Clear();
        rejections.Clear();
        withoutEffect.Clear();
        Records = 0;
        Rejected = 0;
    }

    private void Reject(int line, Rejection rejection)
    {
        Rejected++;
        if (rejections.Count < RejectionsListedMax)
        {
            rejections.Add(RejectionView.Of(line, rejection));
        }
    }
}

/// <summary>Events split by the shard that owns their file; knows where in the request each came from.</summary>
internal readonly struct ShardedEvents
{
    private readonly int[] places;

    public ShardedEvents(List<StorageEvent> events, int shards)
    {
        var shardOf = ArrayPool<int>.Shared.Rent(events.Count);
        Span<int> counts = shards <= 256 ? stackalloc int[shards] : new int[shards];
        counts.Clear();
        for (var i = 0; i < events.Count; i++)
        {
            var shard = events[i].File.ShardOf(shards);
            shardOf[i] = shard;
            counts[shard]++;
        }

        Parts = new List<Part>(Math.Min(shards, events.Count));
        places = new int[events.Count];
        Span<int> next = shards <= 256 ? stackalloc int[shards] : new int[shards];
        var partOf = shards <= 256 ? stackalloc int[shards] : new int[shards];
        for (int shard = 0, offset = 0; shard < shards; shard++)
        {
            next[shard] = 0;
            if (counts[shard] > 0)
            {
                partOf[shard] = Parts.Count;
                Parts.Add(new Part(shard, new StorageEvent[counts[shard]], offset));
                offset += counts[shard];
            }
        }

        for (var i = 0; i < events.Count; i++)
        {
            var shard = shardOf[i];
            var part = Parts[partOf[shard]];
            var place = next[shard]++;
            part.Events[place] = events[i];
            places[part.Offset + place] = i;
        }

        ArrayPool<int>.Shared.Return(shardOf);
    }

    public List<Part> Parts { get; }

    /// <summary>The place in the request of an event of a part.</summary>
    public int PlaceOf(in Part part, int index) => places[part.Offset + index];

    internal readonly record struct Part(int Shard, StorageEvent[] Events, int Offset)
    {
        public EventBatch Of(string source) => new(source, Events, Guid.NewGuid());
    }
}
