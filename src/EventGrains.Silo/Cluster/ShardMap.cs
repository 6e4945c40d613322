using EventGrains.Contracts;
using Orleans.Runtime;
using Orleans.Runtime.Placement;

namespace EventGrains.Silo.Cluster;

/// <summary>Where the shards are, as far as this silo has heard. A hint for placement: the directory and the store's epochs decide.</summary>
internal sealed class ShardMap(ClusterShape shape, TimeProvider time)
{
    /// <summary>A silo that gave away what it had no more of than others is given none for so long: it leaves. Membership says so only when it has given away all.</summary>
    private static readonly TimeSpan LeavesWithin = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private readonly SiloAddress?[] _holders = new SiloAddress?[shape.Shards];
    private readonly long[] _epochs = new long[shape.Shards];
    private readonly Dictionary<SiloAddress, (long At, int Had)> _gave = [];

    /// <param name="epoch">The holder's; what is said of an earlier one comes late, and does not count.</param>
    public void Heard(int shard, SiloAddress silo, long epoch)
    {
        lock (_lock)
        {
            if (epoch < _epochs[shard])
            {
                return;
            }

            if (_holders[shard] is { } before && !before.Equals(silo))
            {
                foreach (var (gone, _) in _gave.Where(g => time.GetElapsedTime(g.Value.At) >= LeavesWithin).ToList())
                {
                    _gave.Remove(gone);
                }

                _gave[before] = (time.GetTimestamp(), _holders.Count(before.Equals));
            }

            (_holders[shard], _epochs[shard]) = (silo, epoch);
        }
    }

    /// <summary>Whether a silo may be given something to be even; not while it seems to leave.</summary>
    /// <param name="silos">How many there are, with it.</param>
    public bool MayTake(SiloAddress silo, int silos)
    {
        lock (_lock)
        {
            return !_gave.TryGetValue(silo, out var gave) || gave.Had > shape.Shards / silos || time.GetElapsedTime(gave.At) >= LeavesWithin;
        }
    }

    public void Left(int shard, SiloAddress silo)
    {
        lock (_lock)
        {
            if (silo.Equals(_holders[shard]))
            {
                _holders[shard] = null;
            }
        }
    }

    public SiloAddress?[] Holders()
    {
        lock (_lock)
        {
            return [.. _holders];
        }
    }

    /// <summary>Where a shard, or what belongs to it, is to be activated: with its holder, otherwise where the spread is even.</summary>
    public SiloAddress PlaceOf(int shard, IReadOnlyList<SiloAddress> silos)
    {
        var holders = Holders();
        return holders[shard] is { } holder && silos.Contains(holder) ? holder : Spread.Of(holders, silos.InOrder())[shard];
    }
}

internal static class SiloStates
{
    /// <summary>As answers and metrics say it.</summary>
    public static string Word(SiloStatus state) => char.ToLowerInvariant(state.ToString()[0]) + state.ToString()[1..];
}

internal static class Silos
{
    /// <summary>Lets a grain end here when what it works on is answered, and begin there with what waits.</summary>
    public static void MigrateTo(this IGrainContext grain, SiloAddress silo) =>
        grain.Migrate(new Dictionary<string, object> { [IPlacementDirector.PlacementHintKey] = silo });

    /// <summary>The order in which all silos see all silos.</summary>
    public static SiloAddress[] InOrder(this IEnumerable<SiloAddress> silos) => [.. silos.Order()];
}
