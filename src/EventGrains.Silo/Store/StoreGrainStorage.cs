using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Runtime.Hosting;
using Orleans.Storage;

namespace EventGrains.Silo.Store;

/// <summary>Orleans grain storage over the store: low-rate grains live in the same directory as the files, and in the same backup.</summary>
/// <remarks>
/// A row is keyed by state name and grain id, the grain's type included, as text: two types never share a row, and an id that looks like a
/// number is never taken for one. The ETag is the row's version. Each write is one durable commit of its own: not for a state per event.
/// </remarks>
internal sealed class StoreGrainStorage(IStore store, IGrainStorageSerializer serializer) : IGrainStorage
{
    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        if (await store.ReadGrain(KeyOf(stateName, grainId)) is { } row)
        {
            grainState.State = serializer.Deserialize<T>(row.State);
            Stands(grainState, row.Version);
        }
        else
        {
            grainState.State = Activator.CreateInstance<T>();
            Stands(grainState, 0);
        }
    }

    /// <exception cref="InconsistentStateException">Another activation wrote since this one read; Orleans then ends this one.</exception>
    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var version = VersionOf(grainState);
        await Write(stateName, grainId, serializer.Serialize(grainState.State).ToArray(), version, grainState.ETag);
        Stands(grainState, version + 1);
    }

    /// <exception cref="InconsistentStateException">As in <see cref="WriteStateAsync"/>.</exception>
    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        await Write(stateName, grainId, null, VersionOf(grainState), grainState.ETag);
        grainState.State = Activator.CreateInstance<T>();
        Stands(grainState, 0);
    }

    private async Task Write(string stateName, GrainId grainId, byte[]? state, long version, string? etag)
    {
        var key = KeyOf(stateName, grainId);
        if (!await store.WriteGrain(key, state, version))
        {
            var kept = await store.ReadGrain(key);
            throw new InconsistentStateException(
                $"the state {key} was written by another activation", kept is null ? "none" : EtagOf(kept.Version), etag ?? "none");
        }
    }

    private static void Stands<T>(IGrainState<T> grainState, long version)
    {
        grainState.RecordExists = version > 0;
        grainState.ETag = version > 0 ? EtagOf(version) : null;
    }

    private static long VersionOf<T>(IGrainState<T> grainState) =>
        grainState.ETag is null ? 0 : long.Parse(grainState.ETag, NumberStyles.None, CultureInfo.InvariantCulture);

    private static string EtagOf(long version) => version.ToString(CultureInfo.InvariantCulture);

    private static string KeyOf(string stateName, GrainId grainId) => $"g:{stateName}:{grainId}";
}

/// <summary>Makes the store the silo's grain storage.</summary>
public static class StoreGrainStorageParts
{
    /// <summary>Registers grain storage of a name, <c>Default</c> for grains that name none. Needs an <see cref="IStore"/> among the services.</summary>
    public static ISiloBuilder AddStoreGrainStorage(this ISiloBuilder silo, string name = "Default")
    {
        silo.Services.AddGrainStorage(name, (services, _) => new StoreGrainStorage(
            services.GetRequiredService<IStore>(), ActivatorUtilities.CreateInstance<OrleansGrainStorageSerializer>(services)));
        return silo;
    }
}
