using EventGrains.Silo.Store.Postgres;
using EventGrains.Silo.Store.Rocks;

namespace EventGrains.Silo.Store;

/// <summary>The stores as the executable sees them.</summary>
public static class StoreSchema
{
    /// <summary>A store of a newer schema is refused; an older one is brought up to this.</summary>
    public const int Version = Meta.Schema;

    /// <summary>Opens, or creates, the store under the data directory.</summary>
    /// <exception cref="StoreUnusableException">In use, newer, or not writable; the message says which, and what to do.</exception>
    public static IStore OpenEmbedded(SiloSettings settings) => RocksStore.Open(Path.Combine(settings.DataDirectory, "store"), settings);

    /// <summary>Opens, or creates, the cluster's store in the PostgreSQL database that the settings name.</summary>
    /// <exception cref="StoreUnusableException">Away, refused, newer, or another cluster's; the message says which, and what to do.</exception>
    public static async Task<IStore> OpenPostgres(SiloSettings settings, TimeProvider time, CancellationToken ct = default) =>
        await PostgresStore.Open(settings, time, ct);
}
