using EventGrains.Silo.Store.Rocks;

namespace EventGrains.Silo.Store;

/// <summary>The embedded store as the executable sees it.</summary>
public static class StoreSchema
{
    /// <summary>A store of a newer schema is refused; an older one is brought up to this.</summary>
    public const int Version = Meta.Schema;

    /// <summary>Opens, or creates, the store under the data directory.</summary>
    /// <exception cref="StoreUnusableException">In use, newer, or not writable; the message says which, and what to do.</exception>
    public static IStore OpenEmbedded(SiloSettings settings) => RocksStore.Open(Path.Combine(settings.DataDirectory, "store"), settings);

    public static Task<IStore> OpenPostgres(SiloSettings settings, CancellationToken ct) =>
        throw new StoreUnusableException("The PostgreSQL store is not there yet.");
}
