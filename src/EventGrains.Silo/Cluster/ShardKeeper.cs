using System.Diagnostics.Metrics;
using EventGrains.Contracts;
using EventGrains.Contracts.Shards;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace EventGrains.Silo.Cluster;

/// <summary>Sees that every shard is somewhere, and that the shards are spread over the silos.</summary>
/// <remarks>
/// Each silo asks all shards every 5 s, and at once when a silo came or went: a lost one then starts where the spread wants it. When
/// membership has rested for a moment and all have answered, a silo gives away what it has too much of, a few at a time. When it stops,
/// it gives away all, while it still serves.
/// </remarks>
internal sealed partial class ShardKeeper(
    ShardMap map, ClusterShape shape, IGrainFactory grains, IClusterMembershipService membership, ILocalSiloDetails me, TimeProvider time, ILogger<ShardKeeper> log)
    : IDisposable
{
    private static readonly TimeSpan AskEvery = TimeSpan.FromSeconds(5);

    /// <summary>After an answer was missed, or while shards move.</summary>
    private static readonly TimeSpan AskSoon = TimeSpan.FromMilliseconds(250);

    /// <summary>So long after a silo came or went all are asked soon: files are placed by what was heard of their shards.</summary>
    private static readonly TimeSpan UnsettledFor = TimeSpan.FromSeconds(10);

    /// <summary>A shard that takes longer is asked again: whom we asked may be gone.</summary>
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(10);

    /// <summary>Silos often come several at a time; between two of them nothing moves.</summary>
    private static readonly TimeSpan RestFor = TimeSpan.FromSeconds(1);

    /// <summary>A silo that stops leaves to Orleans what it could not give away in this.</summary>
    private static readonly TimeSpan LeaveWithin = TimeSpan.FromSeconds(8);

    /// <summary>Shards that a silo gives away at once: each is at rest for about a round trip to the store.</summary>
    private const int MovesMax = 2;

    private static readonly SiloStatus[] Counted = [SiloStatus.Joining, SiloStatus.Active, SiloStatus.ShuttingDown, SiloStatus.Stopping];

    private readonly CancellationTokenSource _stopping = new();
    private Task _keeping = Task.CompletedTask;

    private int[] All => [.. Enumerable.Range(0, shape.Shards)];

    /// <summary>Places every shard; where there are other silos, or all takes its time, what does not answer yet is left to the asking that goes on.</summary>
    public async Task Start()
    {
        Telemetry.Meter.CreateObservableGauge("eventgrains_silos", CountSilos, description: "Silos of the cluster as this one sees them, by state; those that are gone are not counted.");
        try
        {
            await Ask(All);
        }
        catch (Exception failure) when (Active().Length > 1 || failure is TimeoutException)
        {
            LogUnanswered(failure);
        }

        _keeping = Task.Run(Keep, CancellationToken.None);
    }

    public async Task Stop()
    {
        await _stopping.CancelAsync();
        await _keeping;
        await Leave();
    }

    private async Task Keep()
    {
        await using var changes = membership.MembershipUpdates.GetAsyncEnumerator(_stopping.Token);
        var change = changes.MoveNextAsync().AsTask();
        var (wait, rested) = (AskEvery, time.GetTimestamp());
        try
        {
            while (!_stopping.IsCancellationRequested)
            {
                if (await Task.WhenAny(change, Task.Delay(wait, time, _stopping.Token)) == change)
                {
                    if (!await change)
                    {
                        return;
                    }

                    change = changes.MoveNextAsync().AsTask();
                    rested = time.GetTimestamp();
                }

                var rest = time.GetElapsedTime(rested);
                wait = await Look(mayMove: rest >= RestFor) && rest >= UnsettledFor ? AskEvery : AskSoon;
            }
        }
        catch (OperationCanceledException)
        {
            // The silo stops.
        }
    }

    /// <summary>Asks, moves if it may; true when everything is in its place.</summary>
    private async Task<bool> Look(bool mayMove)
    {
        try
        {
            await Ask(All);
            var silos = Active();
            var isOutOfPlace = ToMove(silos).Count > 0;
            if (isOutOfPlace && mayMove)
            {
                await Move(ToMove(silos));
            }

            return !isOutOfPlace;
        }
        catch (Exception failure)
        {
            // Whatever failed first when the silo stops: it still gives away what it has.
            if (!_stopping.IsCancellationRequested)
            {
                LogUnanswered(failure);
            }

            return false;
        }
    }

    private async Task Ask(IEnumerable<int> shards) => await Task.WhenAll(shards.Select(async shard =>
    {
        var view = await grains.GetGrain<IFileShardGrain>(shard).Ping().WaitAsync(AnswerWithin, time, _stopping.Token);
        map.Heard(shard, view.Silo, view.Epoch);
    }));

    /// <summary>What is here and belongs elsewhere. Nothing as long as a shard is with nobody, or with somebody who is not there.</summary>
    internal List<(int Shard, SiloAddress To)> ToMove(SiloAddress[] silos)
    {
        var holders = map.Holders();
        return silos.Length < 2 || holders.Any(h => h is null || !silos.Contains(h)) ? []
            : MineIn(holders, Spread.Of(holders, silos)).FindAll(move => map.MayTake(move.To, silos.Length));
    }

    private List<(int Shard, SiloAddress To)> MineIn(SiloAddress?[] holders, SiloAddress[] plan) =>
        [.. All.Where(shard => me.SiloAddress.Equals(holders[shard]) && !me.SiloAddress.Equals(plan[shard])).Select(shard => (shard, plan[shard]))];

    private async Task Move(List<(int Shard, SiloAddress To)> moves)
    {
        foreach (var few in moves.Chunk(MovesMax))
        {
            await Task.WhenAll(few.Select(move => grains.GetGrain<IFileShardGrain>(move.Shard).Move(move.To)));
            await Ask(few.Select(move => move.Shard));
            LogMoved(string.Join(", ", few.Select(move => $"{move.Shard} to {move.To}")));
        }
    }

    private async Task Leave()
    {
        var others = Active().Where(silo => !silo.Equals(me.SiloAddress)).ToArray();
        if (others.Length == 0)
        {
            return;
        }

        var takers = others.Where(silo => map.MayTake(silo, others.Length + 1)).ToArray();
        others = takers.Length > 0 ? takers : others;
        var holders = map.Holders();
        using var late = new CancellationTokenSource();
        try
        {
            await Task.WhenAll(MineIn(holders, Spread.Of(holders, others)).Select(async move =>
            {
                var shard = grains.GetGrain<IFileShardGrain>(move.Shard);
                await shard.Move(move.To);
                while ((await shard.Ping()).Silo.Equals(me.SiloAddress))
                {
                    await Task.Delay(AskSoon, time, late.Token);
                    await shard.Move(move.To);
                }
            })).WaitAsync(LeaveWithin, time);
        }
        catch (Exception failure)
        {
            LogNotLeft(failure);
        }
        finally
        {
            await late.CancelAsync();
        }
    }

    private SiloAddress[] Active() =>
        membership.CurrentSnapshot.Members.Values.Where(member => member.Status == SiloStatus.Active).Select(member => member.SiloAddress).InOrder();

    private IEnumerable<Measurement<int>> CountSilos()
    {
        var members = membership.CurrentSnapshot.Members.Values;
        return Counted.Select(state => new Measurement<int>(members.Count(member => member.Status == state), new KeyValuePair<string, object?>("state", SiloStates.Word(state))));
    }

    public void Dispose() => _stopping.Dispose();

    [LoggerMessage(Level = LogLevel.Warning, Message = "Not all shards answered; they are asked again.")]
    private partial void LogUnanswered(Exception failure);

    [LoggerMessage(Level = LogLevel.Information, Message = "Gave away shards: {Moves}")]
    private partial void LogMoved(string moves);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Not all shards could be given to other silos before this one stops; the others take them when it is gone.")]
    private partial void LogNotLeft(Exception failure);
}
