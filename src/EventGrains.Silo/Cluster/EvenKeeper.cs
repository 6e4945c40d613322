using System.Collections.Concurrent;
using EventGrains.Rules;
using EventGrains.Silo.Sources;
using EventGrains.Silo.Sources.Logs;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;
using Orleans.Serialization.TypeSystem;

namespace EventGrains.Silo.Cluster;

/// <summary>Keeps sources, and readers of logs, even over the silos that see what they read: sends away what this silo has too much of, or does not see, when no silo comes or goes.</summary>
/// <remarks>What only some silos see is even among these, whatever else they have. A moved reader is fenced from its old place by its epoch, and goes on where the shards stand: what is read twice is silent.</remarks>
internal sealed partial class EvenKeeper(
    IGrainFactory grains, ShardMap map, SilosThatSee see, IClusterMembershipService membership, TimeProvider time, ILogger<EvenKeeper> log)
    : ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
    public static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(5);

    private static readonly Type[] Kinds = [typeof(SourceGrain), typeof(LogReaderGrain)];

    private readonly ConcurrentDictionary<IGrainContext, Type> _here = new();
    private readonly CancellationTokenSource _stopping = new();
    private Task _keeping = Task.CompletedTask;

    public void Here(IGrainContext grain, Type kind) => _here[grain] = kind;

    public void Gone(IGrainContext grain) => _here.TryRemove(grain, out _);

    public void Participate(ISiloLifecycle observer) => observer.Subscribe(
        nameof(EvenKeeper),
        ServiceLifecycleStage.Active,
        _ =>
        {
            _keeping = Task.Run(Keep, CancellationToken.None);
            return Task.CompletedTask;
        },
        async _ =>
        {
            await _stopping.CancelAsync();
            await _keeping;
        });

    /// <summary>Which of our own belong elsewhere, by how many each silo has; all silos come to the same.</summary>
    /// <param name="counts">Of all silos.</param>
    /// <param name="seeing">The silos that see it. When there is none, what is where it is stays.</param>
    /// <returns>For each of ours, in an order of its own, where it belongs.</returns>
    internal static T[] PlacesOf<T>(T us, IReadOnlyList<(T Silo, int Count)> counts, IReadOnlyList<T> seeing)
        where T : class
    {
        var holders = counts.SelectMany(c => Enumerable.Repeat(c.Silo, c.Count)).ToArray();
        var plan = seeing.Count > 0 ? Spread.Of(holders, seeing) : holders;
        return [.. holders.Zip(plan).Where(p => p.First.Equals(us)).Select(p => p.Second)];
    }

    public void Dispose() => _stopping.Dispose();

    private async Task Keep()
    {
        using var timer = new PeriodicTimer(LookEvery, time);
        var rested = membership.CurrentSnapshot.Version;
        try
        {
            while (await timer.WaitForNextTickAsync(_stopping.Token))
            {
                var now = membership.CurrentSnapshot;
                var silos = now.Members.Values.Where(m => m.Status == SiloStatus.Active).Select(m => m.SiloAddress).InOrder();
                if (now.Version == rested && silos.Length > 1)
                {
                    await Even(silos);
                }

                rested = now.Version;
            }
        }
        catch (OperationCanceledException)
        {
            // The silo stops.
        }
    }

    private async Task Even(SiloAddress[] silos)
    {
        try
        {
            var us = see.HereAt;
            var theirs = await CountOthers(silos);
            foreach (var ours in _here.GroupBy(h => (Kind: h.Value, Named: see.Of(h.Key.GrainId)), h => h.Key))
            {
                var counts = silos.Select(silo => (silo, silo.Equals(us) ? ours.Count() : theirs(silo, ours.Key.Kind, ours.Key.Named))).ToArray();
                var places = PlacesOf(us, counts, see.Among(ours.Key.Named, silos));
                foreach (var (grain, place) in ours.OrderBy(grain => grain.GrainId).Zip(places).Where(p => !p.Second.Equals(us) && map.MayTake(p.Second, silos.Length)))
                {
                    LogSent(grain.GrainId, place);
                    grain.MigrateTo(place);
                }
            }
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            LogNotNow(failure);
        }
    }

    /// <summary>How many of a kind that only the named silos see another silo has.</summary>
    /// <remarks>While all silos see everything, counts are enough, which every silo keeps; which grains they are it has to look up among all that it has.</remarks>
    private async Task<Func<SiloAddress, Type, SiloNames, int>> CountOthers(SiloAddress[] silos)
    {
        var management = grains.GetGrain<IManagementGrain>(0);
        if (!see.AreNamed)
        {
            var counts = await management.GetSimpleGrainStatistics(silos, _stopping.Token);
            return (silo, kind, _) => counts.Where(s => s.SiloAddress.Equals(silo) && IsOf(s.GrainType, kind)).Sum(s => s.ActivationCount);
        }

        var all = await management.GetDetailedGrainStatistics([.. Kinds.Select(RuntimeTypeNameFormatter.Format)], silos, _stopping.Token);
        return (silo, kind, named) => all.Count(s => s.SiloAddress.Equals(silo) && IsOf(s.GrainType, kind) && see.Of(s.GrainId).Equals(named));
    }

    private static bool IsOf(string grainType, Type kind) => grainType.StartsWith(kind.FullName + ",", StringComparison.Ordinal);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Grain} goes to {Silo}, which has fewer of its kind, or sees what it reads.")]
    private partial void LogSent(GrainId grain, SiloAddress silo);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Where sources and readers are cannot be seen now; nothing moves.")]
    private partial void LogNotNow(Exception failure);
}
