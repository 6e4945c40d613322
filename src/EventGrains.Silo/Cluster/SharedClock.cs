using System.Diagnostics.Metrics;
using EventGrains.Contracts;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace EventGrains.Silo.Cluster;

/// <summary>The database's clock, which the cluster goes by, and the membership table in its time, whatever the silos' own clocks say.</summary>
/// <remarks>
/// The database is asked for its time before each reading of the table: first when the silo joins, before any of its grains runs, then at least
/// every five seconds. Between answers, and while the database is away, the last answer is kept and counted on by this machine's timestamps,
/// which nobody sets: a clock that is put right meanwhile moves nothing. An answer counts as from the middle of its way; one that differs
/// by no more than half of its way, or a quarter of a second, changes nothing. Before the first answer the time is this machine's.
///
/// Orleans compares what one silo wrote (when it started, was alive, voted) with another's clock: a silo that is minutes ahead takes
/// its peers for stale, and then a single vote is enough to end one; votes of two clocks never count together; one that is behind is blocked by dead rows.
/// So each silo reads the table in its own time and writes it in the database's. What silos tell each other directly is in the sender's
/// time, until the next read of the table; Orleans decides on nothing but the table.
/// </remarks>
/// <param name="ask">The database's time.</param>
internal sealed partial class SharedClock(IMembershipTable table, Func<CancellationToken, Task<DateTime>> ask, TimeProvider time, ILogger<SharedClock> log) : IMembershipTable
{
    /// <summary>Less than this is the way to the database and back.</summary>
    private static readonly TimeSpan Noise = TimeSpan.FromMilliseconds(250);

    /// <summary>From here on an operator should know, since logs are dated by this machine's clock.</summary>
    private static readonly TimeSpan Remarkable = TimeSpan.FromSeconds(30);

    private TimeSpan _ahead;
    private TimeSpan _told;
    private volatile Sight? _seen;

    /// <summary>How far the database's clock is ahead of ours.</summary>
    public TimeSpan Ahead => _ahead;

    /// <summary>The database's time.</summary>
    public DateTimeOffset Now => _seen is { } seen ? seen.Now + time.GetElapsedTime(seen.Timestamp) : time.GetUtcNow();

    public async Task InitializeMembershipTableAsync(bool tryInitTableVersion, CancellationToken cancellationToken = default)
    {
        await table.InitializeMembershipTableAsync(tryInitTableVersion, cancellationToken);
        await Measure(cancellationToken);
        Telemetry.Meter.CreateObservableGauge("eventgrains_clock_behind_seconds", () => _ahead.TotalSeconds, "s", "How far this machine's clock is behind the database's.");
    }

    public async Task<MembershipTableData> ReadAllAsync(CancellationToken cancellationToken = default)
    {
        await Measure(cancellationToken);
        return InOurTime(await table.ReadAllAsync(cancellationToken));
    }

    public async Task<MembershipTableData> ReadRowAsync(SiloAddress key, CancellationToken cancellationToken = default) =>
        InOurTime(await table.ReadRowAsync(key, cancellationToken));

    public Task<bool> InsertRowAsync(MembershipEntry entry, TableVersion tableVersion, CancellationToken cancellationToken = default) =>
        table.InsertRowAsync(Moved(entry, _ahead), tableVersion, cancellationToken);

    public Task<bool> UpdateRowAsync(MembershipEntry entry, string etag, TableVersion tableVersion, CancellationToken cancellationToken = default) =>
        table.UpdateRowAsync(Moved(entry, _ahead), etag, tableVersion, cancellationToken);

    public Task UpdateIAmAliveAsync(MembershipEntry entry, CancellationToken cancellationToken = default) =>
        table.UpdateIAmAliveAsync(Moved(entry, _ahead), cancellationToken);

    public Task DeleteMembershipTableEntriesAsync(string clusterId, CancellationToken cancellationToken = default) =>
        table.DeleteMembershipTableEntriesAsync(clusterId, cancellationToken);

    public Task CleanupDefunctSiloEntriesAsync(DateTimeOffset beforeDate, CancellationToken cancellationToken = default) =>
        table.CleanupDefunctSiloEntriesAsync(beforeDate + _ahead, cancellationToken);

    public Task InitializeMembershipTable(bool tryInitTableVersion) => InitializeMembershipTableAsync(tryInitTableVersion);

    public Task<MembershipTableData> ReadAll() => ReadAllAsync();

    public Task<MembershipTableData> ReadRow(SiloAddress key) => ReadRowAsync(key);

    public Task<bool> InsertRow(MembershipEntry entry, TableVersion tableVersion) => InsertRowAsync(entry, tableVersion);

    public Task<bool> UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion) => UpdateRowAsync(entry, etag, tableVersion);

    public Task UpdateIAmAlive(MembershipEntry entry) => UpdateIAmAliveAsync(entry);

    public Task DeleteMembershipTableEntries(string clusterId) => DeleteMembershipTableEntriesAsync(clusterId);

    public Task CleanupDefunctSiloEntries(DateTimeOffset beforeDate) => CleanupDefunctSiloEntriesAsync(beforeDate);

    private async Task Measure(CancellationToken ct)
    {
        var asked = time.GetTimestamp();
        var told = await ask(ct);
        var (answered, ours) = (time.GetTimestamp(), time.GetUtcNow());
        var halfWay = time.GetElapsedTime(asked, answered) / 2;
        var doubt = halfWay > Noise ? halfWay : Noise;
        var theirs = new DateTimeOffset(told) + halfWay;
        if (_seen is null || (theirs - Now).Duration() > doubt)
        {
            _seen = new Sight(theirs, answered);
        }

        // Times that came from the table go back there unchanged as long as the clocks only tremble.
        if ((theirs - ours - _ahead).Duration() > doubt)
        {
            _ahead = theirs - ours;
        }

        if ((_ahead - _told).Duration() > Remarkable)
        {
            _told = _ahead;
            LogSkew(Math.Round(_ahead.TotalSeconds));
        }
    }

    private MembershipTableData InOurTime(MembershipTableData read) =>
        _ahead == TimeSpan.Zero ? read : new([.. read.Members.Select(m => Tuple.Create(Moved(m.Item1, -_ahead), m.Item2))], read.Version);

    private static MembershipEntry Moved(MembershipEntry entry, TimeSpan by) => new()
    {
        SiloAddress = entry.SiloAddress,
        Status = entry.Status,
        SuspectTimes = entry.SuspectTimes?.ConvertAll(vote => Tuple.Create(vote.Item1, Moved(vote.Item2, by))),
        ProxyPort = entry.ProxyPort,
        HostName = entry.HostName,
        SiloName = entry.SiloName,
        RoleName = entry.RoleName,
        UpdateZone = entry.UpdateZone,
        FaultZone = entry.FaultZone,
        StartTime = Moved(entry.StartTime, by),
        IAmAliveTime = Moved(entry.IAmAliveTime, by),
    };

    /// <summary>The database's time at one of this machine's timestamps.</summary>
    private sealed record Sight(DateTimeOffset Now, long Timestamp);

    // What was never set stays so.
    private static DateTime Moved(DateTime at, TimeSpan by) => at == default ? at : at + by;

    [LoggerMessage(Level = LogLevel.Warning, Message = "This machine's clock is {Seconds} s behind the database's. The cluster does not mind: it goes by the database's. Logs and the answers of gateways here are dated by this machine's. Let it be set, by NTP for instance.")]
    private partial void LogSkew(double seconds);
}
