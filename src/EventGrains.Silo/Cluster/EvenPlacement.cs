using EventGrains.Silo.Sources.Logs;
using Orleans.Placement;
using Orleans.Runtime;
using Orleans.Runtime.Placement;

namespace EventGrains.Silo.Cluster;

/// <summary>Marks a grain class with few, long-lived grains that are work each: sources, and readers of logs.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class PlacedEvenlyAttribute() : PlacementAttribute(new EvenPlacement())
{
    public override void Populate(IServiceProvider services, Type grainClass, GrainType grainType, Dictionary<string, string> properties)
    {
        base.Populate(services, grainClass, grainType, properties);
        KeepsNoOrderAttribute.Mark(properties);
    }
}

[GenerateSerializer, Immutable, SuppressReferenceTracking, Alias("EventGrains.EvenPlacement")]
internal sealed class EvenPlacement : PlacementStrategy;

/// <summary>Activates where this silo has placed fewest of the class, of the silos that see what it reads. Others place too; what comes out uneven, <see cref="EvenKeeper"/> evens.</summary>
/// <remarks>When no such silo is there, a source begins anywhere, to say that it waits; a reader, which would find no file, nowhere.</remarks>
internal sealed class EvenPlacementDirector(SilosThatSee see) : IPlacementDirector
{
    /// <summary>Placements remembered; at the bound all are forgotten, and the count begins anew.</summary>
    private const int PlacedMax = 10_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<GrainId, SiloAddress> _placed = [];

    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var grain = target.GrainIdentity;
        var silos = SilosFor(grain, context.GetCompatibleSilos(target).InOrder());
        lock (_lock)
        {
            if (_placed.Count >= PlacedMax)
            {
                _placed.Clear();
            }

            _placed.Remove(grain);
            return Task.FromResult(_placed[grain] = IPlacementDirector.GetPlacementHint(target.RequestContextData, silos) ?? LeastOf(grain, silos));
        }
    }

    private SiloAddress[] SilosFor(GrainId grain, SiloAddress[] silos)
    {
        var named = see.Of(grain);
        var seeing = see.Among(named, silos);
        return seeing.Length > 0 ? seeing
            : LogReaderGrain.SourceOf(grain.Key.ToString()!) is null ? silos
            : throw new OrleansException($"no reader can begin: {see.Missing(named).Complaint}");
    }

    // Of several with as few it is by the key, so that not everything begins at the first silo.
    private SiloAddress LeastOf(GrainId grain, SiloAddress[] silos)
    {
        var counts = _placed.Where(p => p.Key.Type == grain.Type).CountBy(p => p.Value).ToDictionary();
        var least = silos.GroupBy(silo => counts.GetValueOrDefault(silo)).MinBy(g => g.Key)!.ToArray();
        return least[grain.GetUniformHashCode() % (uint)least.Length];
    }
}
