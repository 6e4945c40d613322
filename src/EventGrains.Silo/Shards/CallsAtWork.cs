namespace EventGrains.Silo.Shards;

/// <summary>Calls at work, by the name that their sender gave them: one that is made again meanwhile waits for the same answer and costs no second turn.</summary>
/// <remarks>
/// A gateway repeats what was not answered in time, since the call may be lost. When it is not lost but slow, for the store is away or more
/// comes than can be done, work done twice would make it slower still. Used by one grain: one thread at a time.
/// </remarks>
internal sealed class CallsAtWork<T>
{
    private readonly Dictionary<Guid, Task<T>> _atWork = [];

    public int Count => _atWork.Count;

    /// <param name="call">Empty: it has no name, and is done.</param>
    public Task<T> Join(Guid call, Func<Task<T>> work)
    {
        if (call == Guid.Empty)
        {
            return work();
        }

        if (_atWork.TryGetValue(call, out var going))
        {
            return going;
        }

        var begun = Work(call, work);
        if (!begun.IsCompleted)
        {
            _atWork.Add(call, begun);
        }

        return begun;
    }

    private async Task<T> Work(Guid call, Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        finally
        {
            _atWork.Remove(call);
        }
    }
}
