using EventGrains.Contracts.Shards;
using EventGrains.Events;
using EventGrains.Files;
using EventGrains.Silo.Actions.Copying;
using EventGrains.Silo.Store;

namespace EventGrains.Silo.Sources.Directories;

/// <summary>Turns what a watched replica storage shows into statements on the files that its paths are copies of.</summary>
/// <remarks>
/// The alias says whose copy a path is; it was durable before the copy was published. A path without one is nobody's copy that we know of, and
/// makes no file. Repeats are silent, as for any event.
/// </remarks>
internal sealed class AliasedCopies(IGrainFactory grains, IStore store) : ICopySightings
{
    public async Task Take(IReadOnlyList<CopySighting> sightings, CancellationToken ct)
    {
        foreach (var sighting in sightings)
        {
            if (await ShardOf(CopyAlias.RoutingId(sighting.Storage, sighting.Path)).FindAlias(sighting.Storage, sighting.Path) is not { } alias)
            {
                continue;
            }

            var known = await store.Find(alias.File, ct);
            await ShardOf(alias.File).Apply(new EventBatch(sighting.Source, [Said(sighting, alias, known?.Facts)]));
        }
    }

    /// <summary>Pure.</summary>
    public static StorageEvent Said(CopySighting sighting, CopyAlias alias, FileFacts? known)
    {
        // A copy of another length than the content it was made of is no copy any more, whoever wrote to it.
        var isWhole = known is null || known.Incarnation != alias.Incarnation || known.Size.Bytes is null || known.Size.Bytes == sighting.Size;
        return sighting.IsPresent
            ? new StorageEvent(alias.File, "replica.present", isWhole ? CopyStatement.Present(alias, sighting.SaidAt) : CopyStatement.Corrupt(alias, sighting.SaidAt))
            : new StorageEvent(alias.File, "replica.removed", CopyStatement.Removed(alias, sighting.SaidAt));
    }

    private IFileShardGrain ShardOf(FileId id) => grains.GetGrain<IFileShardGrain>(id.ShardOf(store.Shards));
}
