using Orleans.Messaging;
using Orleans.Runtime;

namespace EventGrains.Silo.Cluster;

/// <summary>Fails a client's calls that went through a silo which is no longer one of those that it may go through.</summary>
/// <remarks>
/// Orleans (10.4.2) takes another silo for the next call, and lets those under way wait for their time-out, though nobody will answer. Who
/// repeats a call does so now. Of a silo that stops in good order it may have had the answer on its way: what a client calls here may be repeated.
/// </remarks>
internal sealed class LostGateways(IGatewayListProvider inner, Func<Action<SiloAddress>> fail, TimeProvider time) : IGatewayListProvider
{
    /// <summary>What set out while the list was read is failed, too.</summary>
    private static readonly TimeSpan AgainAfter = TimeSpan.FromSeconds(1);

    private HashSet<SiloAddress> _known = [];

    public TimeSpan MaxStaleness => inner.MaxStaleness;

#pragma warning disable CS0618 // asked for by the interface, and by nobody else
    public bool IsUpdatable => inner.IsUpdatable;
#pragma warning restore CS0618

    public Task InitializeGatewayListProvider() => inner.InitializeGatewayListProvider();

    public Task InitializeGatewayListProviderAsync(CancellationToken cancellationToken = default) => inner.InitializeGatewayListProviderAsync(cancellationToken);

    public Task<IList<Uri>> GetGateways() => GetGatewaysAsync(CancellationToken.None);

    public async Task<IList<Uri>> GetGatewaysAsync(CancellationToken cancellationToken = default)
    {
        var gateways = await inner.GetGatewaysAsync(cancellationToken);

        // Orleans calls a port by its address alone, whichever life of a silo has it.
        var now = gateways.Select(g => SiloAddress.New(g.ToGatewayAddress()!.Endpoint, 0)).ToHashSet();
        foreach (var lost in Interlocked.Exchange(ref _known, now).Where(known => !now.Contains(known)))
        {
            _ = Fail(lost);
        }

        return gateways;
    }

    private async Task Fail(SiloAddress lost)
    {
        fail()(lost);
        await Task.Delay(AgainAfter, time);
        if (!Volatile.Read(ref _known).Contains(lost))
        {
            fail()(lost);
        }
    }
}
