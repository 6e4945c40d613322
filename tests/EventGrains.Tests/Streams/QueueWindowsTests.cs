using EventGrains.Contracts.Transitions;
using EventGrains.Files;
using EventGrains.Silo;
using EventGrains.Silo.Streams;
using EventGrains.Tests.Sources;
using EventGrains.Tests.Store;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Orleans.Runtime;
using Orleans.Streams;

namespace EventGrains.Tests.Streams;

/// <summary>What a queue holds for consumers reaches them, in whatever order the agent finds them.</summary>
public sealed class QueueWindowsTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly FileId _file = new("dcache", "0001");
    private readonly MemoryStore _store = new(Sample.Shards);
    private readonly QueueWindows _windows;

    public QueueWindowsTests() => _windows = new QueueWindows(new StreamHistory(_store), new SiloSettings(), _time, NullLogger.Instance);

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    private StreamId Stream => StreamId.Create(TransitionStreams.Files, _file.ToString());

    /// <remarks>The look-up for version 1 fails again and again, for the database is away, and is given up. Version 2 comes before it is begun anew.</remarks>
    [Fact]
    public void A_consumer_that_was_found_for_a_later_event_is_given_the_earlier_too()
    {
        Give(1);
        CursorAt(1).Dispose();
        Give(2);
        var consumer = CursorAt(2);
        var before = Given(consumer);

        LookAtAll();

        Assert.Equal([2], before);
        Assert.Equal([1, 2], Given(consumer));
    }

    /// <remarks>The agent looks consumers up for the first that it is given of a stream, and lets them begin there: version 2 alone would come before version 1.</remarks>
    [Fact]
    public void With_a_later_event_comes_a_notice_of_what_is_owed_so_that_a_consumer_found_for_it_gets_them_in_their_order()
    {
        Give(1);
        CursorAt(1).Dispose();

        var given = new List<IBatchContainer>();
        _windows.TakeNoticeOfOwed(Stream, given);
        Give(2);
        var consumer = (WindowCursor)_windows.GetCacheCursor(Stream, Assert.Single(given).SequenceToken);

        Assert.Equal([1, 2], Given(consumer));
        LookAtAll();
        Assert.Empty(Given(consumer));
    }

    [Fact]
    public void Where_nothing_is_owed_no_notice_comes_with_an_event()
    {
        Give(1);
        var consumer = CursorAt(1);
        Given(consumer);

        var given = new List<IBatchContainer>();
        _windows.TakeNoticeOfOwed(Stream, given);
        _windows.TakeNoticeOfOwed(StreamId.Create(TransitionStreams.Files, "dcache:0002"), given);

        Assert.Empty(given);
    }

    [Fact]
    public void It_finishes_first_what_it_is_being_given()
    {
        Give(1);
        CursorAt(1).Dispose();
        Give(2);
        var consumer = CursorAt(2);
        Assert.True(consumer.MoveNext());

        LookAtAll();

        Assert.Equal(2, VersionAt(consumer));
        Assert.Equal([1, 2], Given(consumer));
    }

    [Fact]
    public void A_consumer_that_was_found_for_the_first_is_given_nothing_twice()
    {
        Give(1, 2);
        var kept = CursorAt(1);
        var consumer = CursorAt(1);
        kept.Dispose();
        var before = Given(consumer);

        LookAtAll();

        Assert.Equal([1, 2], before);
        Assert.Empty(Given(consumer));
    }

    /// <remarks>A queue is read again from a few seconds back when its silo has gone; a consumer that is still there knows better.</remarks>
    [Fact]
    public void A_consumer_that_says_it_stands_further_on_is_given_nothing_twice()
    {
        Give(1, 2);
        var kept = CursorAt(1);
        var consumer = CursorAt(2);
        kept.Dispose();

        LookAtAll();

        Assert.Equal([2], Given(consumer));
        Assert.Equal(Batch(2).Logged!.Cursor, _windows.PassedAll(Batch(2).Logged!.Cursor));
    }

    [Fact]
    public void A_consumer_that_leaves_brings_the_others_nothing_again()
    {
        Give(1, 2);
        var stays = CursorAt(1);
        var leaves = CursorAt(1);
        Assert.True(leaves.MoveNext());
        var before = Given(stays);
        leaves.Dispose();

        LookAtAll();

        Assert.Equal([1, 2], before);
        Assert.Empty(Given(stays));
    }

    [Fact]
    public void The_position_stays_before_what_is_owed()
    {
        Give(1);
        CursorAt(1).Dispose();
        Give(2);
        var consumer = CursorAt(2);
        Given(consumer);

        LookAtAll();

        Assert.True(_windows.PassedAll(Batch(2).Logged!.Cursor).CompareTo(Batch(1).Logged!.Cursor) < 0);
        Given(consumer);
        Assert.Equal(Batch(2).Logged!.Cursor, _windows.PassedAll(Batch(2).Logged!.Cursor));
    }

    /// <remarks>
    /// Its queue is read again from a few seconds back, and only the store has where it stands. Nothing is there when it is asked first, so it is
    /// given what it has had; it says so again, and Orleans steps over one event of the cursor that it opens then.
    /// </remarks>
    [Fact]
    public async Task A_consumer_that_says_twice_what_it_has_had_is_given_what_follows()
    {
        var through = StreamWindow.HeldMax + 4;
        await Keep(through);
        Give([.. Enumerable.Range(1, through)]);
        var consumer = CursorAt(through - 2);
        Assert.False(consumer.MoveNext());
        NoteBehind();
        await Eventually.Is(() => !consumer.IsReading, () => "the store is not read");
        Assert.True(consumer.MoveNext());
        var had = VersionAt(consumer);

        var next = CursorAt(had);
        consumer.Dispose();
        Assert.True(next.MoveNext());

        Assert.Equal(had, VersionAt(next));
        Assert.Equal([through - 1, through], Given(next));
        LookAtAll();
        Assert.Equal(Batch(through).Logged!.Cursor, _windows.PassedAll(Batch(through).Logged!.Cursor));
    }

    /// <remarks>Orleans steps over the first that a cursor gives, if it is older than what the consumer says it has had.</remarks>
    [Fact]
    public void What_is_delivered_again_is_not_what_a_cursor_gives_first()
    {
        Give(2);
        _windows.AddAgain(Batch(1), number: 7);

        var consumer = CursorAt(2);

        Assert.Equal([2, 1], Given(consumer));
        Assert.Equal([7L], _windows.PassedAgainNumbers());
    }

    [Fact]
    public void What_was_delivered_again_is_so_once_however_often_it_is_asked_for_until_that_is_known()
    {
        Give(2);
        _windows.AddAgain(Batch(1), number: 7);
        var consumer = CursorAt(2);
        Assert.Equal([2, 1], Given(consumer));

        _windows.AddAgain(Batch(1), number: 7);
        Assert.Empty(Given(consumer));
        Assert.Equal([7L], _windows.PassedAgainNumbers());

        _windows.Forget([7]);
        Assert.Empty(_windows.PassedAgainNumbers());
    }

    /// <remarks>An agent that knows the stream and found nobody looks it up again only after a rest.</remarks>
    [Fact]
    public void A_stream_that_nobody_is_found_for_is_left_alone_for_longer_each_time()
    {
        Give(1);
        var (rested, longest, notices) = (0, 0, 0);
        for (var second = 0; second < 600; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            List<IBatchContainer> given = [];
            _windows.TakeNotices(given, all: true, _ => true, _ => false);
            (rested, notices) = given.Count > 0 ? (0, notices + 1) : (rested + 1, notices);
            longest = Math.Max(longest, rested);
        }

        Assert.InRange(longest + 1, LookUps.AgainAfter.TotalSeconds, LookUps.AgainAfter.TotalSeconds + 1);
        Assert.InRange(notices, 15, 25);
    }

    [Fact]
    public void With_nothing_else_to_give_a_cursor_is_asked_again_for_what_is_delivered_again()
    {
        _windows.AddAgain(Batch(1), number: 7);
        Notices();
        var consumer = CursorAt(2);
        Assert.False(consumer.MoveNext());

        Assert.Equal(1, Notices());
        Assert.Equal([1], Given(consumer));
        Assert.Equal([7L], _windows.PassedAgainNumbers());
    }

    [Fact]
    public void A_consumer_that_has_had_what_is_delivered_again_is_not_given_it_for_ever()
    {
        _windows.AddAgain(Batch(1), number: 7);
        var consumer = CursorAt(2);
        consumer.MoveNext();
        Assert.True(consumer.MoveNext());

        var next = CursorAt(1);
        consumer.Dispose();
        next.MoveNext();

        Assert.False(next.MoveNext());
    }

    /// <remarks>The queue's position has passed what it reads: when silo and consumer end together, nobody else knows of the rest.</remarks>
    [Fact]
    public async Task Who_reads_the_past_is_given_it_when_the_store_remembers_where_he_stands()
    {
        await Keep(3);
        var consumer = FromTheEarliest();
        Assert.Null(_windows.Behind(ifAwaited: true));
        Assert.Empty(await Read(consumer));

        _windows.Noted(_windows.Behind(ifAwaited: true)!);

        Assert.Equal([1, 2, 3], await Read(consumer));
        Assert.Null(_windows.Behind(ifAwaited: true));
        Assert.Empty(_windows.Behind(ifAwaited: false)!);
    }

    [Fact]
    public async Task The_rest_of_the_past_is_given_by_the_silo_that_takes_the_queue_over_before_anything_newer()
    {
        await Keep(3);
        var consumer = FromTheEarliest();
        NoteBehind();
        await Read(consumer, 1);
        consumer.MoveNext(); // version 1 is delivered, version 2 on its way
        var noted = BehindStream.Write(_windows.Behind(ifAwaited: false)!);
        var other = new QueueWindows(new StreamHistory(_store), new SiloSettings(), _time, NullLogger.Instance);

        other.Recall(BehindStream.Read(noted));
        var notices = new List<IBatchContainer>();
        other.TakeNotices(notices, all: true, _ => true, _ => false);
        other.AddToCache([Batch(4)]);
        var again = (WindowCursor)other.GetCacheCursor(Stream, Assert.Single(notices).SequenceToken);

        Assert.Equal([2, 3, 4], await Read(again));
    }

    [Fact]
    public async Task A_silo_that_stops_remembers_who_read_the_past()
    {
        await Keep(3);
        var consumer = FromTheEarliest();
        NoteBehind();
        await Read(consumer, 1);
        consumer.MoveNext();

        consumer.Dispose();

        Assert.Equal([new BehindStream(Stream, Batch(1).Place.After)], _windows.Behind(ifAwaited: false));
    }

    [Fact]
    public async Task Who_reads_the_past_holds_the_position_of_others_back_by_nothing()
    {
        await Keep(3);
        FromTheEarliest();
        NoteBehind();
        var far = Batch(9).Logged!.Cursor;

        Assert.Equal(far, _windows.PassedAll(far));
    }

    [Fact]
    public void What_is_remembered_is_read_as_it_was_written()
    {
        BehindStream[] behind = [new(Stream, new Place(7, 3)), new(StreamId.Create(TransitionStreams.Datasets, "run 5/raw"), default)];

        Assert.Equal(behind.OrderBy(b => b.From), BehindStream.Read(BehindStream.Write(behind)).OrderBy(b => b.From));
        Assert.Empty(BehindStream.Read(""));
    }

    private WindowCursor FromTheEarliest() => (WindowCursor)_windows.TryGetCacheCursorAtPosition(Stream, StreamSubscriptionStartPosition.EarliestAvailable).Cursor!;

    /// <summary>As the queue's receiver does.</summary>
    private void NoteBehind() => _windows.Noted(_windows.Behind(ifAwaited: false)!);

    /// <summary>What a consumer is given, at most so many, when what it reads of the store has come.</summary>
    private static async Task<List<int>> Read(WindowCursor consumer, int max = int.MaxValue)
    {
        var versions = new List<int>();
        do
        {
            await Eventually.Is(() => !consumer.IsReading, () => "the store is not read");
            while (versions.Count < max && consumer.MoveNext())
            {
                versions.Add(VersionAt(consumer));
            }
        }
        while (consumer.IsReading);
        return versions;
    }

    private async Task Keep(int through)
    {
        var owner = await _store.TakeOver(_file.ShardOf(Sample.Shards));
        for (var version = 1; version <= through; version++)
        {
            await _store.Commit([Sample.Of(owner).With(Sample.New(_file, 1) with { Version = version })]);
        }
    }

    private int Notices()
    {
        var notices = new List<IBatchContainer>();
        _windows.TakeNotices(notices, all: false, _ => true, _ => false);
        return notices.Count;
    }

    private void Give(params int[] versions) => _windows.AddToCache([.. versions.Select(Batch)]);

    private TransitionBatch Batch(int version) => TransitionBatch.OfFile(
        Stream,
        new LoggedTransition(new Cursor(1, version, 0), Sample.TransitionOf(Sample.New(_file, 1) with { Version = version }), 0, version));

    private WindowCursor CursorAt(int version) => (WindowCursor)_windows.GetCacheCursor(Stream, Batch(version).SequenceToken);

    private void LookAtAll()
    {
        _time.Advance(TimeSpan.FromSeconds(2));
        _windows.TakeNotices([], all: true, _ => true, _ => false);
    }

    private static List<int> Given(WindowCursor consumer)
    {
        var versions = new List<int>();
        while (consumer.MoveNext())
        {
            versions.Add(VersionAt(consumer));
        }

        return versions;
    }

    private static int VersionAt(WindowCursor consumer) => ((TransitionBatch)consumer.GetCurrent(out _)!).Logged!.Transition.Version;
}
