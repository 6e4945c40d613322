using EventGrains.Silo.Store;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Runtime.Hosting;
using Orleans.Storage;
using Orleans.Streams;

namespace EventGrains.Silo.Streams;

/// <summary>What all queues of this silo share.</summary>
internal sealed class EventLogStreams(IStore store, LogTail tail, StreamHistory history, ImplicitListeners @implicit, IGrainFactory grains)
{
    public LogTail Tail => tail;

    public StreamHistory History => history;

    public ImplicitListeners Implicit => @implicit;

    /// <summary>A stream as its text names it: namespace, slash, key.</summary>
    public static StreamId Parse(string stream)
    {
        var slash = stream.IndexOf('/', StringComparison.Ordinal);
        return StreamId.Create(stream[..Math.Max(0, slash)], stream[(slash + 1)..]);
    }

    public IStreamQueueGrain QueueGrain(string provider, int queue) => grains.GetGrain<IStreamQueueGrain>($"{provider}/{queue}");

    /// <summary>Null: no stream of ours.</summary>
    public IStreamQueueGrain? QueueGrainOf(string provider, string stream) =>
        new QueueMapper(provider, store.Shards).QueueOf(Parse(stream)) is { } queue ? QueueGrain(provider, queue) : null;
}

/// <summary>Offers transitions as an Orleans stream.</summary>
public static class EventLogStreamsParts
{
    /// <summary>How long a stream's consumers are remembered after its last event; then they are looked up again.</summary>
    internal static readonly TimeSpan QuietAfter = TimeSpan.FromSeconds(30);

    /// <summary>Adds a persistent stream provider over the log of transitions; see <see cref="Contracts.Transitions.TransitionStreams"/>. Needs <c>AddEventGrains</c> and the grain storage <c>Default</c>.</summary>
    /// <param name="subscriptions">With <see cref="StreamPubSubType.ImplicitOnly"/> a stream's first event costs less, and nobody can subscribe otherwise.</param>
    public static ISiloBuilder AddEventLogStreams(
        this ISiloBuilder silo, string name, StreamPubSubType subscriptions = StreamPubSubType.ExplicitGrainBasedAndImplicit)
    {
        silo.Services.TryAddSingleton<LogTail>();
        silo.Services.TryAddSingleton<StreamHistory>();
        silo.Services.TryAddSingleton<ImplicitListeners>();
        silo.Services.TryAddSingleton<EventLogStreams>();
        if (!silo.Services.Any(s => s.ServiceType == typeof(DeliveryErrors)))
        {
            silo.Services.AddSingleton<DeliveryErrors>();
            silo.Services.AddSingleton<IOutgoingGrainCallFilter>(services => services.GetRequiredService<DeliveryErrors>());
        }

        silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(services =>
            new QueueBeginnings(name, services.GetRequiredService<IStore>(), services.GetRequiredService<TimeProvider>()));

        silo.Services.AddSingleton<IHostedService>(services => new ParkedCount(
            name, services.GetRequiredService<IGrainFactory>(), services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILogger<ParkedCount>>()));

        // Orleans looks for the storage of a provider's subscriptions under the provider's name.
        silo.Services.AddGrainStorage(name, (services, provider) => new SubscriptionStorage(
            provider,
            services.GetRequiredService<EventLogStreams>(),
            new StoreGrainStorage(services.GetRequiredService<IStore>(), ActivatorUtilities.CreateInstance<OrleansGrainStorageSerializer>(services))));
        return silo.AddPersistentStreams(name, (services, provider) => new EventLogAdapterFactory(provider, services), streams =>
        {
            streams.ConfigureStreamPubSub(subscriptions);
            streams.ConfigureBackoffProvider((services, _) => (Orleans.Runtime.Providers.IMessageDeliveryBackoffProvider)new DeliveryAttempts(services.GetRequiredService<SiloSettings>()));
            streams.ConfigurePullingAgent(options => options.Configure(agent =>
            {
                agent.StreamInactivityPeriod = QuietAfter;
                agent.MaxEventDeliveryTime = TimeSpan.FromDays(1); // attempts are counted, not timed
            }));
        });
    }
}
