using System.Net;
using EventGrains.Contracts.Shards;
using EventGrains.Events;
using EventGrains.Silo.Cluster;
using EventGrains.Tests.Files;
using EventGrains.Tests.Store;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;

namespace EventGrains.Tests.Cluster;

/// <summary>Nobody waits for the answer of a silo that was declared dead, whenever he asked.</summary>
public sealed class CallsToTheDeadTests
{
    [Fact]
    public async Task A_call_under_way_to_a_dead_silo_fails_at_once()
    {
        var (asked, held) = (new TaskCompletionSource(), new TaskCompletionSource());
        var store = new MemoryStore(4)
        {
            BeforeCommit = _ =>
            {
                asked.TrySetResult();
                return held.Task;
            },
        };
        await using var silo = await OneSilo.Start(store: store);
        var shard = silo.Services.GetRequiredService<IGrainFactory>().GetGrain<IFileShardGrain>(Says.File.ShardOf(store.Shards));
        var call = shard.Apply(new EventBatch("billing", [new StorageEvent(Says.File, "said", Says.DoorStored("/d", 0))]));
        await asked.Task;

        CallsToTheDead.FailingBy(silo.Services)(silo.Services.GetRequiredService<ILocalSiloDetails>().SiloAddress);

        held.SetResult();
        await Assert.ThrowsAsync<SiloUnavailableException>(() => call);
    }

    [Fact]
    public async Task Only_another_silo_that_is_dead_answers_nobody()
    {
        await using var silo = await OneSilo.Start();
        var (me, dead, leaving) = (silo.Services.GetRequiredService<ILocalSiloDetails>().SiloAddress, Silo(1), Silo(2));
        var failed = new TaskCompletionSource<SiloAddress>();
        using var calls = new CallsToTheDead(silo.Services.GetRequiredService<ISiloStatusOracle>(), s => failed.TrySetResult(s), new HurriedTime());

        calls.SiloStatusChangeNotification(me, SiloStatus.Dead);
        calls.SiloStatusChangeNotification(leaving, SiloStatus.ShuttingDown);
        calls.SiloStatusChangeNotification(dead, SiloStatus.Dead);

        Assert.Equal(dead, await failed.Task);
        Assert.Contains(silo.Services.GetServices<ILifecycleParticipant<ISiloLifecycle>>(), part => part is CallsToTheDead);
    }

    [Fact]
    public async Task What_is_sent_after_a_silo_was_declared_dead_is_failed_until_Orleans_refuses_it_itself()
    {
        var time = new HurriedTime();
        var dead = Silo(1);
        List<(SiloAddress Silo, DateTimeOffset At)> failed = [];
        var began = time.GetUtcNow();

        await new CallsToTheDead(null!, silo => failed.Add((silo, time.GetUtcNow())), time).FailAll(dead);

        Assert.All(failed, f => Assert.Equal(dead, f.Silo));
        Assert.All(failed.Zip(failed.Skip(1)), pair => Assert.InRange(pair.Second.At - pair.First.At, TimeSpan.Zero, TimeSpan.FromSeconds(0.5)));
        Assert.InRange(failed[0].At - began, TimeSpan.Zero, TimeSpan.FromSeconds(0.5));
        Assert.InRange(failed[^1].At - began, TimeSpan.FromSeconds(11), TimeSpan.FromSeconds(15));
    }

    private static SiloAddress Silo(int number) => SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 11_000 + number), 7);
}
