using System.Globalization;
using EventGrains.Contracts.Status;
using EventGrains.Silo.Store;
using Orleans.Runtime;

namespace EventGrains.Silo.Streams;

/// <summary>Where a provider that is new to its store begins: at the log's end, noted for every queue before the silo takes its first event.</summary>
/// <remarks>
/// A queue's receiver is up only a while after that, and what is committed meanwhile is to be delivered. Of silos that start together one
/// notes a queue, and the others find it noted; none goes on before.
/// </remarks>
internal sealed class QueueBeginnings(string provider, IStore store, TimeProvider time) : ILifecycleParticipant<ISiloLifecycle>
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private string Source => $"streams/{provider}";

    public void Participate(ISiloLifecycle lifecycle) =>
        lifecycle.Subscribe(nameof(QueueBeginnings), ServiceLifecycleStage.RuntimeInitialize, NoteAll);

    internal async Task NoteAll(CancellationToken ct)
    {
        while (true)
        {
            try
            {
                var noted = (await store.ReadPartitions(Source, ct)).Where(row => row.Detail.Length > 0).Select(row => row.Partition).ToHashSet();
                var missing = Enumerable.Range(0, store.Shards).Select(queue => queue.ToString(CultureInfo.InvariantCulture)).Where(queue => !noted.Contains(queue)).ToList();
                if (missing.Count == 0)
                {
                    return;
                }

                await Task.WhenAll(missing.Select(queue => Note(queue, ct)));
            }
            catch (StoreAwayException)
            {
                // Whoever keeps the rules meets the same at this stage, and says so.
                await Task.Delay(RetryAfter, time, ct);
            }
        }
    }

    private async Task Note(string queue, CancellationToken ct)
    {
        var row = await store.ClaimPartition(Source, queue, ct);
        if (row.Detail.Length == 0)
        {
            await store.SavePartition(row with { Detail = QueueReceiver.Detail((await store.ReadLogEnds(ct)).Latest, 0) }, ct);
        }
    }
}
