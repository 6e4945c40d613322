using EventGrains.Silo.Store;

namespace EventGrains.Tests.Store;

public sealed class MemoryStorePromises : StoreReadPromises
{
    private protected override Task<IStore> Open() => Task.FromResult<IStore>(new MemoryStore(Sample.Shards));
}
