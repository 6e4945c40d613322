using EventGrains.Contracts.Shards;
using EventGrains.Contracts.Transitions;
using EventGrains.Events;
using EventGrains.Files;
using EventGrains.Silo;
using EventGrains.Silo.Streams;
using EventGrains.Tests.Files;
using EventGrains.Tests.Sources;
using EventGrains.Tests.Store;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Orleans.Runtime;
using Orleans.Streams;

namespace EventGrains.Tests.Streams;

/// <summary>What a queue gives its agent; here the test is the agent, of a provider that nobody else reads.</summary>
public sealed class QueueReceiverTests : IAsyncLifetime
{
    private const string Provider = "apart";

    private readonly FileId _file = StreamCluster.NewFile();
    private readonly FakeTimeProvider _time = new();
    private readonly MemoryStore _store = new(4);
    private StreamCluster _cluster = null!;
    private EventLogStreams _streams = null!;
    private QueueWindows _windows = null!;
    private QueueReceiver _receiver = null!;

    private int Shard => _file.ShardOf(_store.Shards);

    private StreamId Stream => StreamId.Create(TransitionStreams.Files, _file.ToString());

    public async ValueTask InitializeAsync()
    {
        _cluster = await StreamCluster.Start(_store, hasWatchers: false);
        _streams = _cluster.Silos[0].ServiceProvider.GetRequiredService<EventLogStreams>();
        _windows = new QueueWindows(new StreamHistory(_store), new SiloSettings(), _time, NullLogger.Instance);
        _receiver = new QueueReceiver(Provider, Shard, isOfDatasets: false, _windows, _streams, _store, _time, NullLogger.Instance);
        Assert.Empty(await Take());
        await _streams.QueueGrain(Provider, Shard).Listen(Stream.ToString());
        _time.Advance(TimeSpan.FromSeconds(2));
    }

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    /// <remarks>Nobody's transitions, however many, must not cost an agent's pause for each few: the queue would fall behind its shard.</remarks>
    [Fact]
    public async Task What_nobody_listens_to_is_passed_in_one_call()
    {
        var others = Enumerable.Range(0, 5_000).Select(_ => StreamCluster.NewFile()).Where(f => f.ShardOf(_store.Shards) == Shard).Take(300);
        await _cluster.Grains.GetGrain<IFileShardGrain>(Shard).Apply(new EventBatch("billing", [.. others.Select(f => new StorageEvent(f, "said", Says.DoorStored("/d", 0)))]));
        await _cluster.Tell(_file, 1, 1);

        // The silo's tail begins behind it, so the queue reads the log itself, now.
        await _streams.Tail.Read(Shard, (await _store.ReadLogEnds()).Latest, 1, CancellationToken.None);

        Assert.Contains(await Take(), batch => batch.Logged?.Transition.Id == _file);
    }

    [Fact]
    public async Task An_event_of_a_stream_that_owes_an_earlier_one_comes_after_a_notice_of_it()
    {
        await _cluster.Tell(_file, 1, 1);
        _windows.AddToCache([.. await TakeWith(version: 1)]);
        _windows.GetCacheCursor(Stream, null).Dispose();

        await _cluster.Tell(_file, 2, 2);
        var given = await TakeWith(version: 2);

        // For the first of a stream the agent looks its consumers up, and there they begin.
        var first = given.First(batch => batch.StreamId == Stream);
        Assert.Equal((1, null), (first.Place.Index, first.Logged));
    }

    /// <remarks>The queue's own position has passed what a consumer reads that began at the earliest.</remarks>
    [Fact]
    public async Task Who_takes_a_queue_over_looks_up_whoever_was_reading_the_past_from_where_he_stood()
    {
        await _cluster.Tell(_file, 1, 1);
        await _cluster.Tell(_file, 2, 2);
        var consumer = (WindowCursor)_windows.TryGetCacheCursorAtPosition(Stream, StreamSubscriptionStartPosition.EarliestAvailable).Cursor!;
        await Eventually.Is(
            async () =>
            {
                await Take(); // without the clock: what a consumer waits for is noted at once
                return consumer.MoveNext();
            },
            () => "the past is not given");

        var windows = new QueueWindows(new StreamHistory(_store), new SiloSettings(), _time, NullLogger.Instance);
        var other = new QueueReceiver(Provider, Shard, isOfDatasets: false, windows, _streams, _store, _time, NullLogger.Instance);
        var notice = (await other.GetQueueMessagesAsync(100)).Cast<TransitionBatch>().First(batch => batch.StreamId == Stream);

        var found = (WindowCursor)windows.GetCacheCursor(Stream, notice.SequenceToken);

        Assert.Equal(default(Place), found.Behind);
    }

    /// <remarks>A subscription counts as known once its consumer has said where it stands; until then nobody else knows that it waits for the past.</remarks>
    [Fact]
    public async Task Who_takes_a_queue_over_looks_up_a_subscription_whose_consumer_was_not_found_yet()
    {
        await _cluster.Tell(_file, 1, 1);
        Assert.True(IsNotice(await Take()));
        await Saves();

        Assert.True(IsNotice(await Successor().GetQueueMessagesAsync(100)));
    }

    [Fact]
    public async Task Who_takes_a_queue_over_looks_no_stream_up_whose_consumer_was_found_and_had_all()
    {
        Assert.True(IsNotice(await Take()));
        ((WindowCursor)_windows.GetCacheCursor(Stream, null)).MoveNext();
        await Saves();

        Assert.False(IsNotice(await Successor().GetQueueMessagesAsync(100)));
    }

    [Fact]
    public async Task A_later_subscriber_that_no_agent_would_hear_of_is_looked_up_and_no_event_given_again()
    {
        await _cluster.Tell(_file, 1, 3);
        _windows.AddToCache([.. await TakeWith(version: 3)]);
        var consumer = (WindowCursor)_windows.GetCacheCursor(Stream, null);
        while (consumer.MoveNext())
        {
            // Given is delivered.
        }

        await Saves();
        await _streams.QueueGrain(Provider, Shard).Listen(Stream.ToString());

        var given = (await Successor().GetQueueMessagesAsync(100)).Cast<TransitionBatch>().Where(b => b.StreamId == Stream);

        Assert.Null(Assert.Single(given).Logged);
    }

    /// <remarks>An agent that found nobody knows the stream all the same, and asks again only when it has rested.</remarks>
    [Fact]
    public async Task Who_is_not_found_is_looked_up_again_when_the_stream_has_rested_and_not_for_ever()
    {
        var lookUps = 0;
        for (var second = 0; second < 600; second++)
        {
            lookUps += IsNotice(await Take()) ? 1 : 0;
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(LookUps.LookUpsMax, lookUps);
        Assert.True(LookUps.AgainAfter > EventLogStreamsParts.QuietAfter * 1.1);
    }

    /// <remarks>An agent that knows the stream and was not told of a subscriber looks it up when it has forgotten it; it must not be reminded before.</remarks>
    [Fact]
    public async Task A_further_subscriber_that_is_not_found_is_looked_up_after_a_rest_though_another_consumer_is_known()
    {
        await Take();
        ((WindowCursor)_windows.GetCacheCursor(Stream, null)).MoveNext();
        await Saves();
        await _streams.QueueGrain(Provider, Shard).Listen(Stream.ToString());

        List<int> noticedAt = [];
        for (var second = 0; second < 60; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            if (IsNotice(await Take()))
            {
                noticedAt.Add(second);
            }
        }

        Assert.Equal(2, noticedAt.Count);
        Assert.True(noticedAt[1] - noticedAt[0] >= LookUps.AgainAfter.TotalSeconds);
        Assert.True(IsNotice(await Successor().GetQueueMessagesAsync(100)));
    }

    [Fact]
    public async Task A_consumer_that_did_not_say_where_it_stands_is_looked_up_anew()
    {
        await Take();
        var services = _cluster.Silos[0].ServiceProvider;
        var handler = new Parking(
            Provider, () => _windows, _cluster.Grains, services.GetRequiredService<DeliveryErrors>(), new SiloSettings(), _time, NullLogger.Instance, CancellationToken.None);
        await handler.OnSubscriptionFailure(GuidId.GetGuidId(Guid.NewGuid()), Provider, Stream, null);
        ((WindowCursor)_windows.GetCacheCursor(Stream, null)).MoveNext();
        await Saves();

        Assert.True(IsNotice(await Successor().GetQueueMessagesAsync(100)));
    }

    [Fact]
    public async Task A_consumer_that_did_not_say_where_it_stands_is_unsure_until_all_are_asked_anew()
    {
        await _cluster.Tell(_file, 1, 2);
        var given = await TakeWith(version: 2);
        _windows.AddToCache([.. given]);
        _windows.NotFound(Stream);
        WindowCursor Consumer() => (WindowCursor)_windows.GetCacheCursor(Stream, given.First(b => b.Logged is not null).SequenceToken);
        var consumer = Consumer();
        consumer.MoveNext();
        Assert.False(_windows.WasFound(Stream, default));

        consumer.Dispose();
        Consumer().MoveNext();

        Assert.True(_windows.WasFound(Stream, default));
    }

    /// <remarks>Where it stands is nowhere but in the memory of the silo that gives to it.</remarks>
    [Fact]
    public async Task A_consumer_that_reads_the_past_is_found_only_when_the_store_remembers_where_it_stands()
    {
        await _cluster.Tell(_file, 1, 2);
        await Take();
        var consumer = (WindowCursor)_windows.TryGetCacheCursorAtPosition(Stream, StreamSubscriptionStartPosition.EarliestAvailable).Cursor!;
        consumer.MoveNext();
        Assert.False(_windows.WasFound(Stream, default));

        await Take();

        Assert.True(_windows.WasFound(Stream, default));
    }

    /// <remarks>The queue had passed them when the stream got its first subscriber, and its position does not go back.</remarks>
    [Fact]
    public async Task Who_takes_a_queue_over_gives_a_first_subscriber_what_it_was_caught_up_with_and_has_not_passed()
    {
        var file = Enumerable.Range(0, 1_000).Select(_ => StreamCluster.NewFile()).First(f => f.ShardOf(_store.Shards) == Shard);
        var stream = StreamId.Create(TransitionStreams.Files, file.ToString());
        await Take();
        await _streams.QueueGrain(Provider, Shard).Listen(stream.ToString());
        await _cluster.Tell(file, 1, 1);
        await _cluster.Tell(_file, 1, 1);
        _windows.AddToCache([.. await TakeWith(version: 1)]);
        var other = (WindowCursor)_windows.GetCacheCursor(Stream, null);
        while (other.MoveNext())
        {
            // Given is delivered.
        }

        _time.Advance(TimeSpan.FromSeconds(6));
        var caughtUp = (await Take()).Single(b => b.StreamId == stream && b.Logged is not null);
        _windows.AddToCache([caughtUp]);
        Assert.True(((WindowCursor)_windows.GetCacheCursor(stream, caughtUp.SequenceToken)).MoveNext());
        await Saves();

        var given = (await Successor().GetQueueMessagesAsync(100)).Cast<TransitionBatch>();

        Assert.Contains(given, b => b.StreamId == stream && b.Logged is not null);
    }

    /// <remarks>Otherwise a second subscriber of a file that has rested would be told of to an agent that knows the stream no more.</remarks>
    [Fact]
    public async Task A_stream_with_a_consumer_stays_known_to_its_agent_however_long_it_rests()
    {
        await Take();
        ((WindowCursor)_windows.GetCacheCursor(Stream, null)).MoveNext();
        var (rested, longest) = (0, 0);
        for (var second = 0; second < 300; second++)
        {
            rested = IsNotice(await Take()) ? 0 : rested + 1;
            longest = Math.Max(longest, rested);
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.InRange(longest, 1, EventLogStreamsParts.QuietAfter.TotalSeconds / 2);
    }

    private bool IsNotice(IEnumerable<IBatchContainer> given) => given.Any(batch => batch.StreamId == Stream);

    private async Task Saves()
    {
        for (var second = 0; second < 35; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Take();
        }
    }

    private QueueReceiver Successor() => new(
        Provider, Shard, isOfDatasets: false, new QueueWindows(new StreamHistory(_store), new SiloSettings(), _time, NullLogger.Instance), _streams, _store, _time, NullLogger.Instance);

    private async Task<List<TransitionBatch>> Take() => [.. (await _receiver.GetQueueMessagesAsync(100)).Cast<TransitionBatch>()];

    private async Task<List<TransitionBatch>> TakeWith(int version)
    {
        List<TransitionBatch> given = [];
        await Eventually.Is(
            async () => (given = await Take()).Exists(batch => batch.Logged?.Transition.Version == version), () => $"version {version} is not given");
        return given;
    }
}
