using Orleans.Runtime;

namespace EventGrains.Silo.Streams;

/// <summary>The streams of a queue that got a subscriber, each to be looked up by the queue's agent until a consumer of it has been found since.</summary>
/// <remarks>
/// What is awaited is not settled: a silo that takes the queue over looks it up anew. Orleans tells an agent of whoever subscribes, if it knows the
/// agent and the agent knows the stream; and an agent looks up what it is given something of, if it does not know it. One that knows a stream and was
/// not told looks it up only when it has forgotten it, after <see cref="EventLogStreamsParts.QuietAfter"/> without anything of the stream.
/// No more are awaited than a queue has listeners, which <see cref="StreamQueueGrain"/> bounds.
/// </remarks>
internal sealed class LookUps(TimeProvider time)
{
    /// <summary>A subscription that failed may be known to the queue and stored nowhere: after so many look-ups nobody is waited for.</summary>
    public const int LookUpsMax = 3;

    /// <summary>Streams looked up at once: each may bring two grains to life.</summary>
    private const int AtOnceMax = 64;

    /// <summary>So long a stream rests until it is looked up again.</summary>
    public static readonly TimeSpan AgainAfter = EventLogStreamsParts.QuietAfter + TimeSpan.FromSeconds(10);

    private readonly Dictionary<StreamId, LookUp> _awaited = [];
    private DateTimeOffset _askedAt;
    private DateTimeOffset _askedBefore;

    /// <summary>The version of the queue's state that was taken last.</summary>
    public long Seen { get; private set; }

    /// <summary>The version of the queue's state up to which all subscribers have been found.</summary>
    public long Settled => _awaited.Count == 0 ? Seen : Math.Min(Seen, _awaited.Values.Min(l => l.Version) - 1);

    public bool IsAwaited(StreamId stream) => _awaited.ContainsKey(stream);

    /// <param name="settled">What was settled when the queue was left.</param>
    public void Begin(long settled)
    {
        (Seen, _askedAt, _askedBefore) = (settled, default, default);
        _awaited.Clear();
    }

    /// <summary>The queue's state is being asked for.</summary>
    public void Ask() => (_askedBefore, _askedAt) = (_askedAt, time.GetUtcNow());

    public void Take(StreamQueueState state)
    {
        foreach (var stream in _awaited.Keys.Where(s => !state.Listeners.ContainsKey(s.ToString())).ToList())
        {
            _awaited.Remove(stream);
        }

        // Whoever came with this state may have been found as soon as the one before was asked for.
        foreach (var (stream, listener) in state.Listeners.Where(l => l.Value.LookUp > Seen))
        {
            _awaited[EventLogStreams.Parse(stream)] = new LookUp(listener.LookUp, 0, _askedBefore, default);
        }

        Seen = state.Version;
    }

    /// <param name="wasFound">Whether a consumer of the stream was found since then, and where its consumers stand is safe.</param>
    public List<StreamId> TakeDue(Func<StreamId, DateTimeOffset, bool> wasFound)
    {
        List<StreamId> due = [];
        if (_awaited.Count == 0)
        {
            return due;
        }

        var now = time.GetUtcNow();
        foreach (var (stream, lookUp) in _awaited.ToList())
        {
            var isDue = lookUp.DueAt <= now;
            if (wasFound(stream, lookUp.Since) || (isDue && lookUp.Done == LookUpsMax))
            {
                _awaited.Remove(stream);
            }
            else if (isDue && due.Count < AtOnceMax)
            {
                due.Add(stream);
                _awaited[stream] = lookUp with { Done = lookUp.Done + 1 };
            }
        }

        return due;
    }

    /// <summary>The agent is given something of a stream: it knows that for a while.</summary>
    public void Given(StreamId stream)
    {
        if (_awaited.TryGetValue(stream, out var lookUp))
        {
            _awaited[stream] = lookUp with { DueAt = time.GetUtcNow() + AgainAfter };
        }
    }

    /// <param name="Version">The queue's state that asked for it.</param>
    /// <param name="Done">How often it was looked up.</param>
    /// <param name="Since">A consumer found since then may be the one awaited.</param>
    private readonly record struct LookUp(long Version, int Done, DateTimeOffset Since, DateTimeOffset DueAt);
}
