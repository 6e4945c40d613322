using EventGrains.Contracts.Transitions;
using EventGrains.Silo;
using EventGrains.Silo.Store;
using EventGrains.Silo.Streams;
using EventGrains.Tests.Store;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;
using Orleans.Storage;
using Orleans.Streams;

namespace EventGrains.Tests.Streams;

/// <summary>What the storage of subscriptions promises when two of Orleans' grains stand for one stream for a while, as around a silo's death.</summary>
public sealed class SubscriptionStorageTests : IAsyncLifetime
{
    private const string Provider = "apart";
    private const string Agent = "an agent";

    private readonly MemoryStore _store = new(4);
    private readonly string _stream = StreamId.Create(TransitionStreams.Files, StreamCluster.NewFile().ToString()).ToString();
    private StreamCluster _cluster = null!;
    private SubscriptionStorage _storage = null!;
    private EventLogStreams _streams = null!;

    private GrainId Grain => GrainId.Create("pubsubrendezvous", $"{Provider}/{_stream}");

    private IStreamQueueGrain Queue => _streams.QueueGrainOf(Provider, _stream)!;

    public async ValueTask InitializeAsync()
    {
        _cluster = await StreamCluster.Start(_store, hasWatchers: false);
        var services = _cluster.Silos[0].ServiceProvider;
        _streams = services.GetRequiredService<EventLogStreams>();
        _storage = new SubscriptionStorage(Provider, _streams, new StoreGrainStorage(_store, ActivatorUtilities.CreateInstance<OrleansGrainStorageSerializer>(services)));
    }

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task Of_a_stream_without_subscribers_nothing_is_written()
    {
        var stream = await Read();

        await Write(stream, [Agent], []);

        Assert.False(stream.RecordExists);
        Assert.False(await Queue.IsListenedTo(_stream));
    }

    /// <remarks>Its silo died between the queue's knowing and the subscription. What happens in the stream would be held for nobody.</remarks>
    [Fact]
    public async Task A_subscription_that_was_not_made_is_forgotten_when_the_stream_is_looked_up()
    {
        await Queue.Listen(_stream);
        var stream = await Read();

        await Write(stream, [Agent], []);

        Assert.False(await Queue.IsListenedTo(_stream));
        await Write(stream, [Agent], [Subscription()]);
        Assert.True(await Queue.IsListenedTo(_stream));
        Assert.Equal([Agent], (await Read()).State!.Producers);
    }

    [Fact]
    public async Task A_subscription_that_another_activation_does_not_know_of_is_refused_or_the_other_is()
    {
        var other = await Read();
        await Queue.Listen(_stream);
        var (one, third) = (await Read(), await Read());
        await Write(third, [Agent], []);

        await Assert.ThrowsAsync<InconsistentStateException>(() => Write(one, [], [Subscription()]));
        await Assert.ThrowsAsync<InconsistentStateException>(() => _storage.ClearStateAsync("pubsub", Grain, Stale()));
        await Write(third, [Agent], [Subscription()]);
        await Assert.ThrowsAsync<InconsistentStateException>(() => Write(other, [], [Subscription()]));

        Assert.Single((await Read()).State!.Consumers);
        Assert.True(await Queue.IsListenedTo(_stream));
    }

    [Fact]
    public async Task Each_subscriber_has_the_queue_look_the_stream_up_and_who_produces_does_not()
    {
        var (one, another) = (Subscription(), Subscription());
        var stream = await Read();
        var first = await LookUpAfter(() => Write(stream, [], [one]));
        var second = await LookUpAfter(() => Write(stream, [Agent], [one]));
        var third = await LookUpAfter(() => Write(stream, [Agent], [one, another]));
        var fourth = await LookUpAfter(() => Write(stream, [], [one, another]));
        var fifth = await LookUpAfter(() => Write(stream, [], [another]));

        Assert.True(first > 0);
        Assert.Equal(first, second);
        Assert.True(third > second);
        Assert.Equal((third, third), (fourth, fifth));
    }

    [Fact]
    public async Task Who_reads_a_stream_again_tells_its_queue_of_those_that_come_and_not_of_those_that_are()
    {
        var one = Subscription();
        await Write(await Read(), [], [one]);
        var stream = await Read();
        var before = await LookUpAfter(() => Write(stream, [Agent], [one]));

        Assert.True(await LookUpAfter(() => Write(stream, [Agent], [one, Subscription()])) > before);
    }

    [Fact]
    public async Task When_the_last_subscriber_leaves_nothing_is_kept_and_the_next_subscribes_as_the_first_did()
    {
        var stream = await Read();
        await Write(stream, [], [Subscription()]);
        await Write(stream, [Agent], []);

        Assert.False(await Queue.IsListenedTo(_stream));
        Assert.False((await Read()).RecordExists);
        Assert.Equal([Agent], stream.State!.Producers);

        await Write(stream, [Agent], [Subscription()]);
        Assert.Single((await Read()).State!.Consumers);
    }

    [Fact]
    public async Task A_row_that_an_older_release_left_without_subscribers_is_taken_up()
    {
        var stream = await Read();
        await Write(stream, [], [Subscription()]);
        await Queue.Ignore(_stream);
        var rows = new StoreGrainStorage(_store, ActivatorUtilities.CreateInstance<OrleansGrainStorageSerializer>(_cluster.Silos[0].ServiceProvider));
        stream.State = new StreamSubscriptions { Producers = [Agent] };
        await rows.WriteStateAsync("pubsub", Grain, stream);

        await Write(await Read(), [], [Subscription()]);

        Assert.Single((await Read()).State!.Consumers);
    }

    private static PubSubSubscriptionState Subscription() =>
        new(GuidId.GetGuidId(Guid.NewGuid()), new QualifiedStreamId(Provider, StreamId.Create(TransitionStreams.Files, "file")), GrainId.Create("subscriber", Guid.NewGuid().ToString("N")));

    /// <summary>Of an activation that read before there was a row.</summary>
    private static GrainState<StreamSubscriptions> Stale() => new(new StreamSubscriptions());

    private async Task<GrainState<StreamSubscriptions>> Read()
    {
        var state = Stale();
        await _storage.ReadStateAsync("pubsub", Grain, state);
        return state;
    }

    private Task Write(GrainState<StreamSubscriptions> state, List<string> producers, List<PubSubSubscriptionState> consumers)
    {
        state.State = new StreamSubscriptions { Producers = producers, Consumers = consumers };
        return _storage.WriteStateAsync("pubsub", Grain, state);
    }

    private async Task<long> LookUpAfter(Func<Task> write)
    {
        await write();
        return (await Queue.Look(-1))!.Listeners[_stream].LookUp;
    }
}

/// <summary>A stream's state as Orleans keeps it.</summary>
[GenerateSerializer]
public sealed class StreamSubscriptions
{
    [Id(0)]
    public List<string> Producers { get; set; } = [];

    [Id(1)]
    public List<PubSubSubscriptionState> Consumers { get; set; } = [];
}
