using System.Collections.Concurrent;
using EventGrains.Contracts;

namespace EventGrains.Silo.Shards;

/// <summary>The metric <c>eventgrains_files_cached</c>: file states in memory over all shards of this silo.</summary>
internal sealed class ShardFigures
{
    private readonly ConcurrentDictionary<int, int> _cached = new();

    public ShardFigures() =>
        Telemetry.Meter.CreateObservableGauge("eventgrains_files_cached", () => _cached.Values.Sum(), "{files}", "File states held in memory.");

    public void Cached(int shard, int files) => _cached[shard] = files;

    public void Left(int shard) => _cached.TryRemove(shard, out _);
}
