using EventGrains.Contracts;
using EventGrains.Contracts.Files;
using Orleans.Placement;
using Orleans.Runtime;
using Orleans.Runtime.Placement;

namespace EventGrains.Silo.Cluster;

/// <summary>Marks a grain class that belongs to a shard: the shard itself (its number is the key), and files.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class PlacedWithShardAttribute() : PlacementAttribute(new ShardPlacement())
{
    public override void Populate(IServiceProvider services, Type grainClass, GrainType grainType, Dictionary<string, string> properties)
    {
        base.Populate(services, grainClass, grainType, properties);
        KeepsNoOrderAttribute.Mark(properties);
    }
}

[GenerateSerializer, Immutable, SuppressReferenceTracking, Alias("EventGrains.ShardPlacement")]
internal sealed class ShardPlacement : PlacementStrategy;

/// <summary>Spreads shards evenly over the silos, and activates files where their shard is.</summary>
internal sealed class ShardPlacementDirector(ShardMap map, ClusterShape shape) : IPlacementDirector
{
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var silos = context.GetCompatibleSilos(target);

        // A shard that moves says where to: without asking for it nothing would ever move.
        return Task.FromResult(IPlacementDirector.GetPlacementHint(target.RequestContextData, silos) ?? map.PlaceOf(ShardOf(target.GrainIdentity), silos));
    }

    private int ShardOf(GrainId grain) =>
        grain.TryGetIntegerKey(out var shard, out _) && shard >= 0 && shard < shape.Shards ? (int)shard
        : FileGrains.TryIdOf(grain.Key.ToString()!, out var file) ? file.ShardOf(shape.Shards)
        : 0; // a key of no file: its grain refuses whatever it is asked
}
