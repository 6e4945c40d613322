using EventGrains.Silo.Store;

namespace EventGrains.LoadTest.Limits;

/// <summary>The product's embedded store with one shard, for the bare loop.</summary>
internal static class BareStore
{
    public static IStore Open(string directory) => throw new NotSupportedException($"no store for {directory} yet");
}
