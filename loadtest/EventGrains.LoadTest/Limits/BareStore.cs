using EventGrains.Silo;
using EventGrains.Silo.Store;
using EventGrains.Silo.Store.Rocks;

namespace EventGrains.LoadTest.Limits;

/// <summary>The product's embedded store with one shard, for the bare loop.</summary>
internal static class BareStore
{
    public static IStore Open(string directory) =>
        RocksStore.Open(directory, new SiloSettings { Shards = 1 });
}
