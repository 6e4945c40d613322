namespace EventGrains.Tests.Faults;

internal enum LinkMode
{
    Open,
    Stalled,
    Cut,
}

/// <summary>What a <see cref="FaultProxy"/> does to what it carries, until <see cref="Changed"/> ends.</summary>
/// <param name="BytesPerSecond">Null for no limit.</param>
internal sealed record LinkState(LinkMode Mode, TimeSpan Delay, int? BytesPerSecond)
{
    public TaskCompletionSource Changed { get; init; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>How much goes at once: a tenth of a second's worth, so that a slow link does not stand and leap.</summary>
    public int PieceBytesMax => BytesPerSecond is { } rate ? Math.Max(1, rate / 10) : int.MaxValue;

    public TimeSpan TimeFor(int bytes) => BytesPerSecond is { } rate ? TimeSpan.FromSeconds((double)bytes / rate) : TimeSpan.Zero;
}

/// <summary>The points that tests wait for. A new version starts with nothing heard.</summary>
internal sealed record ArmedPoints(ArmedPoint[] All, int Version)
{
    public static ArmedPoints None { get; } = new([], 0);
}

/// <summary>A point of the conversation, and what is to happen there.</summary>
internal sealed class ArmedPoint(Sender sender, Func<ReadOnlySpan<byte>, bool> heard, Moment moment, Action<ProxiedConnection> then)
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Moment Moment => moment;

    public Task Done => _done.Task;

    /// <summary>A predicate that throws has met its point: the test hears of it.</summary>
    public bool IsMet(Sender by, ReadOnlySpan<byte> bytes)
    {
        try
        {
            return by == sender && heard(bytes);
        }
        catch (Exception e)
        {
            _done.TrySetException(e);
            return true;
        }
    }

    /// <summary>The connection ended before the bytes were passed on; whoever waits for the point would wait forever. Nothing to say after <see cref="Act"/>.</summary>
    public void Miss(Exception why) => _done.TrySetException(why);

    public void Act(ProxiedConnection connection)
    {
        if (_done.Task.IsFaulted)
        {
            return;
        }

        try
        {
            then(connection);
            _done.TrySetResult();
        }
        catch (Exception e)
        {
            _done.TrySetException(e);
        }
    }
}
