using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using EventGrains.Contracts;
using EventGrains.Contracts.Shards;
using EventGrains.Silo.Cluster;
using EventGrains.Tests.Actions;
using EventGrains.Tests.Sources;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Orleans.Runtime;

namespace EventGrains.Tests.Cluster;

/// <summary>How a silo that stops gives away its shards, at moments that no cluster of a test meets by itself.</summary>
public sealed class ShardKeeperStopTests : IDisposable
{
    private const int Shards = 4;

    private static readonly SiloAddress Me = Silo(1);
    private static readonly SiloAddress Other = Silo(2);
    private static readonly SiloAddress Leaving = Silo(3);

    private readonly ConcurrentDictionary<int, SiloAddress> _given = [];
    private readonly FakeTimeProvider _time = new();
    private readonly ShardMap _map;
    private readonly ShardKeeper _keeper;
    private SiloAddress[] _silos = [Me, Other];
    private int _comeBack;
    private int _moves;
    private Func<Task> _asked = () => Task.CompletedTask;

    public ShardKeeperStopTests()
    {
        var shape = new ClusterShape(Shards);
        _map = new ShardMap(shape, _time);
        var membership = Fake.Of<IClusterMembershipService>((method, _) => method.ReturnType == typeof(ClusterMembershipSnapshot)
            ? new ClusterMembershipSnapshot(_silos.ToImmutableDictionary(s => s, s => new ClusterMember(s, SiloStatus.Active, $"{s}")), new MembershipVersion(1))
            : new SilentUpdates());
        var grains = Fake.Of<IGrainFactory>((_, arguments) => Shard((int)(long)arguments[0]!));
        var me = Fake.Of<ILocalSiloDetails>((_, _) => Me);
        _keeper = new ShardKeeper(_map, shape, grains, membership, me, _time, NullLogger<ShardKeeper>.Instance);
    }

    /// <remarks>A silo that went on looking would never give anything away, and would be killed with its shards.</remarks>
    [Fact]
    public async Task A_silo_stops_though_membership_does_not_say_that_it_heard()
    {
        await _keeper.Start();

        await _keeper.Stop().WaitAsync(Deadline.Generous, TestContext.Current.CancellationToken);

        Assert.Equal(Shards, _given.Count);
    }

    [Fact]
    public async Task A_silo_that_stops_while_a_shard_does_not_answer_gives_its_shards_away()
    {
        await _keeper.Start();
        var (asks, fails) = (new TaskCompletionSource(), new TaskCompletionSource());
        _asked = () =>
        {
            asks.TrySetResult();
            return fails.Task;
        };
        await Eventually.Is(() => asks.Task.IsCompleted || Passes(TimeSpan.FromSeconds(5)), () => "no shard was asked again");

        var stopping = _keeper.Stop();
        fails.SetException(new TimeoutException("the shard's silo has just died"));
        await stopping.WaitAsync(Deadline.Generous, TestContext.Current.CancellationToken);

        Assert.Equal(Shards, _given.Count);
        Assert.All(_given.Values, silo => Assert.Equal(Other, silo));
    }

    /// <remarks>It would have to give them again, and membership still calls it active.</remarks>
    [Fact]
    public async Task A_silo_that_stops_gives_nothing_to_one_that_has_just_given_its_own_away()
    {
        _silos = [Me, Other, Leaving];
        _map.Heard(0, Leaving, 0);
        await _keeper.Start();

        await _keeper.Stop().WaitAsync(Deadline.Generous, TestContext.Current.CancellationToken);

        Assert.Equal(Shards, _given.Count);
        Assert.All(_given.Values, silo => Assert.Equal(Other, silo));
    }

    /// <remarks>Where a shard cannot begin where it was sent, Orleans begins it anywhere.</remarks>
    [Fact]
    public async Task A_shard_that_came_back_is_given_away_once_more()
    {
        await _keeper.Start();
        _comeBack = 2;

        var stopping = _keeper.Stop();
        await Eventually.Is(() => stopping.IsCompleted || Passes(TimeSpan.FromMilliseconds(250)), () => "the silo does not stop");
        await stopping;

        Assert.Equal(Shards, _given.Count);
        Assert.Equal(Shards + 2, _moves);
    }

    /// <remarks>The others take it when the silo is gone.</remarks>
    [Fact]
    public async Task A_silo_whose_shards_come_back_for_ever_stops()
    {
        await _keeper.Start();
        _comeBack = int.MaxValue;

        var stopping = _keeper.Stop();
        await Eventually.Is(() => stopping.IsCompleted || Passes(TimeSpan.FromSeconds(1)), () => "the silo does not stop");
        await stopping;
        var moves = _moves;
        Passes(TimeSpan.FromMinutes(1));

        Assert.Equal(moves, _moves);
    }

    public void Dispose() => _keeper.Dispose();

    private static SiloAddress Silo(int number) => SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 11_000 + number), 1);

    private bool Passes(TimeSpan time)
    {
        _time.Advance(time);
        return false;
    }

    private IFileShardGrain Shard(int shard) => Fake.Of<IFileShardGrain>((method, arguments) =>
    {
        if (method.Name == nameof(IFileShardGrain.Move))
        {
            Interlocked.Increment(ref _moves);
            if (Interlocked.Decrement(ref _comeBack) < 0)
            {
                _given[shard] = (SiloAddress)arguments[0]!;
            }

            return Task.CompletedTask;
        }

        return Ping();

        async Task<ShardView> Ping()
        {
            await (_given.ContainsKey(shard) ? Task.CompletedTask : _asked());
            return new ShardView(shard, 1, _given.GetValueOrDefault(shard, Me));
        }
    });

    /// <summary>Membership in which nothing changes, and which does not hear that nobody listens any more.</summary>
    private sealed class SilentUpdates : IAsyncEnumerable<ClusterMembershipSnapshot>, IAsyncEnumerator<ClusterMembershipSnapshot>
    {
        public ClusterMembershipSnapshot Current => throw new InvalidOperationException("nothing has changed");

        public IAsyncEnumerator<ClusterMembershipSnapshot> GetAsyncEnumerator(CancellationToken cancellationToken = default) => this;

        public ValueTask<bool> MoveNextAsync() => new(new TaskCompletionSource<bool>().Task);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
