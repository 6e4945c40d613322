namespace EventGrains.Silo.Store.Rocks;

/// <summary>Lets at most so many calls into the store at once, on threads of the pool, or one alone.</summary>
/// <remarks>
/// RocksDB blocks its caller, and a caller may be a grain on its turn: the work always runs elsewhere. At the bound further calls
/// wait in order without a thread. The same places serve to close and reopen the store: who takes them all knows that nobody reads.
/// </remarks>
internal sealed class ReadGate(int callsMax) : IDisposable
{
    private readonly SemaphoreSlim places = new(callsMax);
    private readonly SemaphoreSlim alone = new(1);

    public Task<T> Enter<T>(Func<T> call, CancellationToken ct) => Task.Run(
        async () =>
        {
            await places.WaitAsync(ct);
            try
            {
                return call();
            }
            finally
            {
                places.Release();
            }
        },
        ct);

    /// <summary>Waits for the calls inside to end, keeps new ones waiting, and runs.</summary>
    public Task Alone(Action call, CancellationToken ct) => Task.Run(
        async () =>
        {
            await alone.WaitAsync(ct);
            var taken = 0;
            try
            {
                for (; taken < callsMax; taken++)
                {
                    await places.WaitAsync(ct);
                }

                call();
            }
            finally
            {
                if (taken > 0)
                {
                    places.Release(taken);
                }

                alone.Release();
            }
        },
        ct);

    public void Dispose()
    {
        places.Dispose();
        alone.Dispose();
    }
}
