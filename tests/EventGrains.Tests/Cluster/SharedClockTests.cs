using System.Net;
using EventGrains.Silo.Cluster;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Orleans;
using Orleans.Runtime;

namespace EventGrains.Tests.Cluster;

/// <summary>Two silos whose clocks differ by minutes see one membership table, each in its own time.</summary>
public sealed class SharedClockTests
{
    private static readonly DateTime Noon = new(2026, 1, 1, 12, 0, 0, DateTimeKind.Utc);
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(10);

    private readonly Table table = new();

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

    private async Task<SharedClock> Silo(DateTime now)
    {
        var clock = new SharedClock(table, _ => Task.FromResult(Noon), new FakeTimeProvider(now), NullLogger<SharedClock>.Instance);
        await clock.ReadAllAsync();
        return clock;
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
