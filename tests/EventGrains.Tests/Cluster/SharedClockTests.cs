using System.Net;
using EventGrains.Silo.Cluster;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans;
using Orleans.Runtime;

namespace EventGrains.Tests.Cluster;

/// <summary>Two silos whose clocks differ by minutes see one membership table, each in its own time.</summary>
public sealed class SharedClockTests
{
    private static readonly DateTime Noon = new(2026, 1, 1, 12, 0, 0, DateTimeKind.Utc);
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(10);

    private readonly Table table = new();
    private Func<DateTime> ask = () => Noon;

    [Fact]
    public async Task What_a_silo_ahead_wrote_now_is_now_for_one_behind()
    {
        var (ahead, behind) = (await Silo(Noon + Skew), await Silo(Noon - Skew));

        await ahead.InsertRowAsync(Entry(Noon + Skew), Version);
        var seen = Assert.Single((await behind.ReadAllAsync()).Members).Item1;

        Assert.Equal(Noon - Skew, seen.StartTime);
        Assert.Equal(Noon - Skew, seen.IAmAliveTime);
        Assert.Equal(Noon - Skew, Assert.Single(seen.SuspectTimes!).Item2);
    }

    [Fact]
    public async Task The_table_is_in_the_databases_time()
    {
        var ahead = await Silo(Noon + Skew);

        await ahead.UpdateIAmAliveAsync(Entry(Noon + Skew));
        await ahead.CleanupDefunctSiloEntriesAsync(Noon + Skew);

        Assert.Equal(Noon, table.Alive);
        Assert.Equal(Noon, table.Before);
    }

    [Fact]
    public async Task Where_clocks_agree_nothing_is_touched()
    {
        var silo = await Silo(Noon + TimeSpan.FromMilliseconds(40));

        var entry = Entry(Noon);
        await silo.InsertRowAsync(entry, Version);

        Assert.Equal(TimeSpan.Zero, silo.Ahead);
        Assert.Equal(entry.ToString(), Assert.Single((await silo.ReadAllAsync()).Members).Item1.ToString());
    }

    [Fact]
    public async Task The_time_is_the_databases_and_goes_on_while_the_database_is_away()
    {
        var machine = new Machine(Noon + Skew);
        var silo = await Silo(machine);
        ask = () => throw new IOException("the database is away");

        machine.Pass(TimeSpan.FromMinutes(1));

        await Assert.ThrowsAsync<IOException>(() => silo.ReadAllAsync());
        Assert.Equal(Noon.AddMinutes(1), silo.Now.UtcDateTime);
    }

    [Fact]
    public async Task A_clock_that_is_put_right_moves_nothing()
    {
        var machine = new Machine(Noon + Skew);
        var silo = await Silo(machine);

        machine.Set(Noon);

        Assert.Equal(Noon, silo.Now.UtcDateTime);
        await silo.ReadAllAsync();
        Assert.Equal((Noon, TimeSpan.Zero), (silo.Now.UtcDateTime, silo.Ahead));
    }

    [Fact]
    public async Task An_answer_that_was_long_on_its_way_moves_nothing()
    {
        var machine = new Machine(Noon + Skew);
        var silo = await Silo(machine);
        ask = () =>
        {
            machine.Pass(TimeSpan.FromSeconds(8));
            return Noon;
        };

        await silo.ReadAllAsync();

        Assert.Equal((Noon.AddSeconds(8), -Skew), (silo.Now.UtcDateTime, silo.Ahead));
    }

    private static TableVersion Version => new(1, "1");

    private static MembershipEntry Entry(DateTime at) => new()
    {
        SiloAddress = Address,
        SiloName = "one",
        HostName = "host",
        Status = SiloStatus.Active,
        StartTime = at,
        IAmAliveTime = at,
        SuspectTimes = [Tuple.Create(Address, at)],
    };

    private static SiloAddress Address { get; } = SiloAddress.New(IPAddress.Loopback, 11111, 1);

    private Task<SharedClock> Silo(DateTime now) => Silo(new Machine(now));

    private async Task<SharedClock> Silo(Machine machine)
    {
        var clock = new SharedClock(table, _ => Task.Run(ask), machine, NullLogger<SharedClock>.Instance);
        await clock.ReadAllAsync();
        return clock;
    }

    /// <summary>A clock that can be set; its timestamps only count what passed.</summary>
    private sealed class Machine(DateTime now) : TimeProvider
    {
        private DateTimeOffset _now = new(now);
        private TimeSpan _passed;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override DateTimeOffset GetUtcNow() => _now;

        public override long GetTimestamp() => _passed.Ticks;

        public void Pass(TimeSpan time) => (_now, _passed) = (_now + time, _passed + time);

        public void Set(DateTime at) => _now = new DateTimeOffset(at);
    }

    /// <summary>Keeps one row as it was given.</summary>
    private sealed class Table : IMembershipTable
    {
        private readonly List<Tuple<MembershipEntry, string>> _rows = [];

        public DateTime Alive { get; private set; }

        public DateTime Before { get; private set; }

        public Task InitializeMembershipTable(bool tryInitTableVersion) => Task.CompletedTask;

        public Task DeleteMembershipTableEntries(string clusterId) => Task.CompletedTask;

        public Task CleanupDefunctSiloEntries(DateTimeOffset beforeDate)
        {
            Before = beforeDate.UtcDateTime;
            return Task.CompletedTask;
        }

        public Task<MembershipTableData> ReadRow(SiloAddress key) => ReadAll();

        public Task<MembershipTableData> ReadAll() => Task.FromResult(new MembershipTableData([.. _rows], Version));

        public Task<bool> InsertRow(MembershipEntry entry, TableVersion tableVersion)
        {
            _rows.Add(Tuple.Create(entry, "1"));
            return Task.FromResult(true);
        }

        public Task<bool> UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion) => InsertRow(entry, tableVersion);

        public Task UpdateIAmAlive(MembershipEntry entry)
        {
            Alive = entry.IAmAliveTime;
            return Task.CompletedTask;
        }
    }
}
