using System.Collections.Concurrent;
using EventGrains.Silo.Sources;
using EventGrains.Silo.Sources.Logs;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace EventGrains.Silo.Cluster;

/// <summary>Keeps sources, and readers of logs, even over the silos: sends away what this silo has too much of, when no silo comes or goes.</summary>
/// <remarks>A moved reader is fenced from its old place by its epoch, and goes on where the shards stand: what is read twice is silent.</remarks>
internal sealed partial class EvenKeeper(
    IGrainFactory grains, ShardMap map, IClusterMembershipService membership, ILocalSiloDetails me, TimeProvider time, ILogger<EvenKeeper> log)
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
    /// <returns>For each of ours, in an order of its own, where it belongs.</returns>
    internal static T[] PlacesOf<T>(T us, IReadOnlyList<(T Silo, int Count)> counts)
        where T : class
    {
        var holders = counts.SelectMany(c => Enumerable.Repeat(c.Silo, c.Count)).ToArray();
        var plan = Spread.Of(holders, [.. counts.Select(c => c.Silo)]);
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
            var all = await grains.GetGrain<IManagementGrain>(0).GetSimpleGrainStatistics(silos, _stopping.Token);
            foreach (var kind in Kinds)
            {
                var ours = _here.Where(h => h.Value == kind).Select(h => h.Key).OrderBy(grain => grain.GrainId).ToArray();
                var counts = silos.Select(silo => (silo, silo.Equals(me.SiloAddress) ? ours.Length
                    : all.Where(s => s.SiloAddress.Equals(silo) && s.GrainType.StartsWith(kind.FullName + ",", StringComparison.Ordinal)).Sum(s => s.ActivationCount))).ToArray();
                foreach (var (grain, place) in ours.Zip(PlacesOf(me.SiloAddress, counts)).Where(p => !p.Second.Equals(me.SiloAddress) && map.MayTake(p.Second, silos.Length)))
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

    [LoggerMessage(Level = LogLevel.Information, Message = "{Grain} goes to {Silo}, which has fewer of its kind.")]
    private partial void LogSent(GrainId grain, SiloAddress silo);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Where sources and readers are cannot be seen now; nothing moves.")]
    private partial void LogNotNow(Exception failure);
}
