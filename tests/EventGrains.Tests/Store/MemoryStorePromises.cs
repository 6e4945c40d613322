using EventGrains.Silo.Store;

namespace EventGrains.Tests.Store;

public sealed class MemoryStorePromises : StoreReadPromises
{
    private protected override IStore Open() => new MemoryStore(Sample.Shards);
}
