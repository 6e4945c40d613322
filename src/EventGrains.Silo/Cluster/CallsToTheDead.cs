using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Runtime;

namespace EventGrains.Silo.Cluster;

/// <summary>Fails calls that set out to a silo after it was declared dead.</summary>
/// <remarks>
/// Orleans (10.4.2) fails those that are under way at that moment, but closes the connection ten seconds later, and only then refuses others.
/// What is sent in between, to an address looked up before, goes to a process that stands still, and nobody hears of it until the call
/// times out: a reader's range did, and its partition stood for 30 s. A dead silo is never asked again under the same address, so
/// nothing that could still be answered is failed.
/// </remarks>
internal sealed class CallsToTheDead : ISiloStatusListener, ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
    /// <summary>A lost call is in doubt for no longer.</summary>
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(250);

    /// <summary>Orleans has closed the connection by then.</summary>
    private static readonly TimeSpan For = TimeSpan.FromSeconds(12);

    private readonly ISiloStatusOracle _silos;
    private readonly Action<SiloAddress> _fail;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stopping = new();

    public CallsToTheDead(IServiceProvider services, ISiloStatusOracle silos, TimeProvider time)
        : this(silos, FailingBy(services), time)
    {
    }

    /// <param name="fail">Fails what is under way to a silo.</param>
    internal CallsToTheDead(ISiloStatusOracle silos, Action<SiloAddress> fail, TimeProvider time) => (_silos, _fail, _time) = (silos, fail, time);

    public void Participate(ISiloLifecycle observer) => observer.Subscribe(
        nameof(CallsToTheDead),
        ServiceLifecycleStage.RuntimeServices,
        _ =>
        {
            _silos.SubscribeToSiloStatusEvents(this);
            return Task.CompletedTask;
        },
        _ =>
        {
            _silos.UnSubscribeFromSiloStatusEvents(this);
            return _stopping.CancelAsync();
        });

    public void SiloStatusChangeNotification(SiloAddress updatedSilo, SiloStatus status)
    {
        if (status == SiloStatus.Dead && !updatedSilo.Equals(_silos.SiloAddress))
        {
            _ = FailAll(updatedSilo);
        }
    }

    /// <summary>Ends when no call can set out to it any more.</summary>
    internal async Task FailAll(SiloAddress dead)
    {
        for (var began = _time.GetTimestamp(); _time.GetElapsedTime(began) < For && !_stopping.IsCancellationRequested;)
        {
            await Task.Delay(Every, _time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _fail(dead);
        }
    }

    public void Dispose() => _stopping.Dispose();

    /// <summary>What Orleans does itself for a silo that is declared dead; it has no public name.</summary>
    /// <exception cref="MissingMethodException">This release of Orleans has it no longer.</exception>
    internal static Action<SiloAddress> FailingBy(IServiceProvider services)
    {
        const string Type = "Orleans.Runtime.IRuntimeClient", Method = "BreakOutstandingMessagesToSilo";
        var type = typeof(ClientMessagingOptions).Assembly.GetType(Type);
        var method = type?.GetMethod(Method, BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic, [typeof(SiloAddress)])
            ?? throw new MissingMethodException(Type, Method);
        return method.CreateDelegate<Action<SiloAddress>>(services.GetRequiredService(type!));
    }
}
