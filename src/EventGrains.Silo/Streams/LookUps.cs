using Orleans.Runtime;

namespace EventGrains.Silo.Streams;

/// <summary>The streams of a queue with subscribers that its agent is to look up, each until one of its consumers has been found to stand somewhere.</summary>
/// <remarks>
/// What has not been settled is not said to be seen: a silo that takes the queue over looks it up anew. An agent looks a stream up when it is given
/// something of it and does not know it yet; one that found nobody knows it all the same, until the stream has rested for
/// <see cref="EventLogStreamsParts.QuietAfter"/>. So it is asked again only after that.
/// </remarks>
internal sealed class LookUps(TimeProvider time)
{
    /// <summary>A subscription that failed may be known to the queue and stored nowhere: after so many look-ups nobody is waited for.</summary>
    public const int LookUpsMax = 3;

    /// <summary>Streams looked up at once: each may bring two grains to life.</summary>
    private const int AtOnceMax = 64;

    public static readonly TimeSpan AgainAfter = EventLogStreamsParts.QuietAfter + TimeSpan.FromSeconds(10);

    private readonly Dictionary<string, LookUp> _awaited = new(StringComparer.Ordinal);

    /// <summary>The version of the queue's state that was taken last.</summary>
    public long Seen { get; private set; }

    /// <summary>The version of the queue's state up to which all streams have been looked up and found.</summary>
    public long Settled => _awaited.Count == 0 ? Seen : Math.Min(Seen, _awaited.Values.Min(l => l.Version) - 1);

    /// <param name="settled">What was settled when the queue was left.</param>
    public void Begin(long settled)
    {
        Seen = settled;
        _awaited.Clear();
    }

    public void Take(StreamQueueState state)
    {
        foreach (var stream in _awaited.Keys.Where(s => !state.Listeners.ContainsKey(s)).ToList())
        {
            _awaited.Remove(stream);
        }

        foreach (var (stream, listener) in state.Listeners.Where(l => l.Value.LookUp > Seen))
        {
            _awaited[stream] = new LookUp(listener.LookUp, 0, default);
        }

        Seen = state.Version;
    }

    /// <param name="hasConsumer">Whether a consumer of the stream was found, and where it stands is safe.</param>
    /// <param name="isSure">False where grains subscribe by their class, too: a consumer that was found may be another than the one awaited.</param>
    public List<StreamId> TakeDue(Func<StreamId, bool> hasConsumer, bool isSure)
    {
        var now = time.GetUtcNow();
        var due = new List<StreamId>();
        foreach (var (stream, lookUp) in _awaited.ToList())
        {
            var id = EventLogStreams.Parse(stream);
            if (lookUp.Done >= (isSure ? 1 : 2) && hasConsumer(id))
            {
                _awaited.Remove(stream);
            }
            else if (lookUp.DueAt <= now && due.Count < AtOnceMax)
            {
                if (lookUp.Done == LookUpsMax)
                {
                    _awaited.Remove(stream);
                    continue;
                }

                due.Add(id);
                _awaited[stream] = lookUp with { Done = lookUp.Done + 1, DueAt = now + AgainAfter };
            }
        }

        return due;
    }

    /// <param name="Version">The queue's state that asked for it.</param>
    /// <param name="Done">How often it was looked up.</param>
    private readonly record struct LookUp(long Version, int Done, DateTimeOffset DueAt);
}
