using EventGrains.Contracts.Actions;
using EventGrains.Contracts.Rules;
using EventGrains.Contracts.Shards;
using EventGrains.Events;
using EventGrains.Files;
using EventGrains.Rules;
using EventGrains.Silo.Cluster;
using EventGrains.Silo.Dispatch;
using EventGrains.Tests.Files;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Orleans;
using Orleans.Runtime;

namespace EventGrains.Tests.Cluster;

/// <summary>Two silos whose clocks differ by twenty minutes run steps by the clock of their database.</summary>
public sealed class ClusterTimeTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(10);

    private readonly FakeTimeProvider database = new(Noon);
    private readonly FakeTimeProvider[] machines = [new(Noon + Skew), new(Noon - Skew)];

    [Fact]
    public async Task A_shard_that_moves_gives_no_second_attempt_beside_the_first_and_no_step_is_late()
    {
        await using var silos = await Start();
        await silos.Shard(0).Apply(new EventBatch("billing", [new StorageEvent(Says.File, "said", Says.DoorStored("/d/f", 0))]));
        var step = Assert.Single((await silos.Store.Find(Says.File))!.Steps).Key;
        var claim = (await silos.Shard(0).Claim(Says.File, step))!;

        Assert.Equal(Noon.AddSeconds(20).UtcDateTime, claim.Deadline);
        Assert.Equal(TimeSpan.FromSeconds(20), claim.Left);

        // There and back: to a clock that is ahead, and to one that is behind.
        for (var move = 0; move < 2; move++)
        {
            await Move(silos);
            Pass(TimeSpan.FromSeconds(15));
            Assert.Null(await silos.Shard(0).Claim(Says.File, step));
            claim = Assert.IsType<StepClaim>(await silos.Shard(0).Extend(claim));
            Assert.Equal(1, claim.Attempt);
        }

        Assert.True(await silos.Shard(0).Conclude(claim, new StepOutcome(Done: false, "the site is down")));
        for (var attempt = 2; attempt <= 3; attempt++)
        {
            await Move(silos);
            Assert.Null(await silos.Shard(0).Claim(Says.File, step));
            Pass(TimeSpan.FromSeconds(2)); // the back-off is over
            claim = Assert.IsType<StepClaim>(await silos.Shard(0).Claim(Says.File, step));
            Assert.Equal(attempt, claim.Attempt);
            Assert.True(await silos.Shard(0).Conclude(claim, new StepOutcome(attempt == 3, "the site is down")));
        }

        var done = Assert.Single((await silos.Store.Find(Says.File))!.Steps);
        Assert.Equal((StepState.Done, database.GetUtcNow().UtcDateTime), (done.State, done.At));
    }

    [Fact]
    public async Task An_hours_files_are_counted_by_the_databases_hour()
    {
        await using var silos = await Start();
        var budget = silos.Grains.GetGrain<IRuleBudgetGrain>("rule:mirror");

        Assert.Equal(1, (await budget.Take(1, 1)).Granted);

        Assert.Equal(Noon.AddHours(1).UtcDateTime, (await budget.Take(1, 1)).HeldUntil);
    }

    private async Task<Silos> Start()
    {
        ClusterTime[] times = [await TimeOn(machines[0]), await TimeOn(machines[1])];
        var started = 0;
        var silos = await Silos.Start(2, 1, Definitions, more: silo => silo.Services.AddSingleton(times[Interlocked.Increment(ref started) - 1]));
        foreach (var silo in silos.Cluster.Silos)
        {
            // The test asks for the attempts.
            silos.Cluster.GetSiloServiceProvider(silo.SiloAddress).GetRequiredService<Dispatcher>().Dispose();
        }

        return silos;
    }

    private async Task<ClusterTime> TimeOn(FakeTimeProvider machine)
    {
        var table = Fake.Of<IMembershipTable>((_, _) => Task.FromResult(new MembershipTableData([], new TableVersion(1, "1"))));
        var clock = new SharedClock(table, _ => Task.FromResult(database.GetUtcNow().UtcDateTime), machine, NullLogger<SharedClock>.Instance);
        await clock.ReadAllAsync();
        return new ClusterTime(machine, () => clock.Now);
    }

    private void Pass(TimeSpan time)
    {
        foreach (var clock in machines.Append(database))
        {
            clock.Advance(time);
        }
    }

    private static async Task Move(Silos silos)
    {
        var from = (await silos.Shard(0).Ping()).Silo;
        var to = silos.Cluster.Silos.Select(s => s.SiloAddress).Single(s => !s.Equals(from));
        await silos.Move(0, to);
    }

    private static Definitions Definitions { get; } = RuleFiles.Parse([(
        "mirror.yaml",
        """
        apiVersion: eventgrains/v1
        kind: Rule
        metadata: { name: mirror }
        spec: { when: { kind: stored }, do: [{ run: { command: ['true'] } }] }
        """)]).Definitions;
}
