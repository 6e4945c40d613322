using EventGrains.Contracts.Shards;
using EventGrains.Contracts.Sources;
using EventGrains.Silo.Store;
using Orleans.Concurrency;

namespace EventGrains.Silo.Sources;

/// <summary>Reads the records that could not be read by sources.</summary>
[StatelessWorker, Reentrant]
internal sealed class DeadLettersGrain(IStore store) : Grain, IDeadLettersGrain
{
    public Task<DeadLetterPage> List(string? after, int limit) => store.ReadDeadLetters(after, Math.Clamp(limit, 1, 1_000));

    public Task<DeadLetter?> Get(string id) => store.FindDeadLetter(id);
}
