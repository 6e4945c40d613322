using EventGrains.Contracts.Transitions;
using EventGrains.Silo.Commit;
using EventGrains.Silo.Store;
using Orleans.Concurrency;

namespace EventGrains.Silo.Transitions;

/// <summary>Reads the log of transitions for gateways.</summary>
[StatelessWorker, Reentrant]
internal sealed class TransitionLogGrain(IStore store, CommitFeed feed, TimeProvider time) : Grain, ITransitionLogGrain
{
    private const int ItemsMax = 10_000;

    private static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(5);

    public async Task<TransitionPage> Read(Cursor after, int max, TimeSpan wait)
    {
        var limit = Math.Clamp(max, 1, ItemsMax);
        var heard = feed.Index;
        var page = await store.ReadLog(after, limit);
        if (page.Items.Count == 0 && page.Gap is null && wait > TimeSpan.Zero)
        {
            await feed.WaitBeyond(heard, wait < WaitMax ? wait : WaitMax, time);
            page = await store.ReadLog(after, limit);
        }

        return page;
    }

    public Task<LogEnds> GetEnds() => store.ReadLogEnds();
}
