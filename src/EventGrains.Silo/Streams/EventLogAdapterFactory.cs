using System.Collections.Concurrent;
using EventGrains.Silo.Cluster;
using EventGrains.Silo.Store;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Streams;

namespace EventGrains.Silo.Streams;

/// <summary>What Orleans asks for when it makes the stream provider: adapter, windows, receivers.</summary>
internal sealed class EventLogAdapterFactory(string name, IServiceProvider services) : IQueueAdapterFactory, IQueueAdapter, IQueueAdapterCache
{
    private readonly ConcurrentDictionary<QueueId, QueueWindows> _windows = [];
    private readonly IStore _store = services.GetRequiredService<IStore>();
    private readonly SiloSettings _settings = services.GetRequiredService<SiloSettings>();
    private readonly TimeProvider _time = services.GetRequiredService<TimeProvider>();
    private readonly EventLogStreams _streams = services.GetRequiredService<EventLogStreams>();
    private readonly ILogger _log = services.GetRequiredService<ILoggerFactory>().CreateLogger("EventGrains.Silo.Streams");
    private readonly QueueMapper _mapper = new(name, services.GetRequiredService<IStore>().Shards);

    public string Name => name;

    public bool IsRewindable => true;

    public StreamProviderDirection Direction => StreamProviderDirection.ReadOnly;

    public Task<IQueueAdapter> CreateAdapter() => Task.FromResult<IQueueAdapter>(this);

    public IQueueAdapterCache GetQueueAdapterCache() => this;

    public IStreamQueueMapper GetStreamQueueMapper() => _mapper;

    public Task<IStreamFailureHandler> GetDeliveryFailureHandler(QueueId queueId) => Task.FromResult<IStreamFailureHandler>(new Parking(
        name,
        () => _windows.GetValueOrDefault(queueId),
        services.GetRequiredService<IGrainFactory>(),
        services.GetRequiredService<DeliveryErrors>(),
        _settings,
        services.GetRequiredService<ClusterTime>(),
        _log,
        services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping));

    public IQueueCache CreateQueueCache(QueueId queueId) => _windows[queueId] = new QueueWindows(_streams.History, _settings, _time, _log);

    // Orleans makes a queue's windows first, then the receiver that fills them.
    public IQueueAdapterReceiver CreateReceiver(QueueId queueId)
    {
        var queue = (int)queueId.GetNumericId();
        return new QueueReceiver(name, queue, queue == _mapper.OfDatasets, _windows[queueId], _streams, _store, _time, _log);
    }

    public Task QueueMessageBatchAsync<T>(StreamId streamId, IEnumerable<T> events, StreamSequenceToken? token, Dictionary<string, object>? requestContext) =>
        throw new NotSupportedException("transitions come out of the log alone; tell a source what happened instead");
}
