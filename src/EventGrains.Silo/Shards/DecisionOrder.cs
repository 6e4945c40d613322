namespace EventGrains.Silo.Shards;

/// <summary>Lets the ranges of one partition be decided in the order in which they came, while all that they need is loaded at once. On the grain's turns alone.</summary>
/// <remarks>
/// A range whose files are in memory would otherwise overtake the one before it that waits for the store, be refused for the hole, and be sent again.
/// </remarks>
internal sealed class DecisionOrder
{
    private readonly Dictionary<(string Source, string Partition), Place> _last = [];

    /// <summary>A place behind all that came before; to be called at the arrival. Those behind wait until it is decided, or disposed.</summary>
    public Place Enter(string source, string partition)
    {
        var place = new Place(this, (source, partition), _last.GetValueOrDefault((source, partition))?.IsLeft);
        _last[(source, partition)] = place;
        return place;
    }

    internal sealed class Place(DecisionOrder order, (string Source, string Partition) partition, Task? before) : IDisposable
    {
        private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task IsLeft => _left.Task;

        /// <summary>Waits until all before it are decided; false when nobody had to wait.</summary>
        public async ValueTask<bool> Wait()
        {
            if (before is null or { IsCompleted: true })
            {
                return false;
            }

            await before;
            return true;
        }

        public void Leave()
        {
            if (_left.TrySetResult() && ReferenceEquals(order._last.GetValueOrDefault(partition), this))
            {
                order._last.Remove(partition);
            }
        }

        public void Dispose() => Leave();
    }
}
