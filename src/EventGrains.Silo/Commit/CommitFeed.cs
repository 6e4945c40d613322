using EventGrains.Silo.Store;

namespace EventGrains.Silo.Commit;

/// <summary>Tells who waits at the end of the log that a commit became durable.</summary>
internal sealed class CommitFeed
{
    private readonly Lock _lock = new();
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _index;

    /// <summary>One that also hears what other silos commit.</summary>
    public static CommitFeed Of(IStore store)
    {
        var feed = new CommitFeed();
        store.Committed += feed.Advance;
        return feed;
    }

    /// <summary>The newest commit heard of. Ask before reading, and wait beyond it: commits without transitions count, too, and no page says that they were read.</summary>
    public long Index
    {
        get
        {
            lock (_lock)
            {
                return _index;
            }
        }
    }

    public void Advance(long commitIndex)
    {
        TaskCompletionSource passed;
        lock (_lock)
        {
            if (commitIndex <= _index)
            {
                return;
            }

            _index = commitIndex;
            (passed, _next) = (_next, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        passed.SetResult();
    }

    /// <summary>Ends when a commit beyond <paramref name="commitIndex"/> was made, or after the wait.</summary>
    public async Task WaitBeyond(long commitIndex, TimeSpan wait, TimeProvider time)
    {
        Task next;
        lock (_lock)
        {
            if (_index > commitIndex)
            {
                return;
            }

            next = _next.Task;
        }

        try
        {
            await next.WaitAsync(wait, time);
        }
        catch (TimeoutException)
        {
        }
    }
}
