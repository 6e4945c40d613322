using EventGrains.Contracts.Transitions;
using EventGrains.Files;
using EventGrains.Silo;
using EventGrains.Silo.Streams;
using EventGrains.Tests.Store;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Orleans.Runtime;

namespace EventGrains.Tests.Streams;

/// <summary>What a queue holds for consumers reaches them, in whatever order the agent finds them.</summary>
public sealed class QueueWindowsTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly FileId _file = new("dcache", "0001");
    private readonly QueueWindows _windows;

    public QueueWindowsTests() => _windows = new QueueWindows(new StreamHistory(new MemoryStore(4)), new SiloSettings(), _time, NullLogger.Instance);

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

    private void Give(params int[] versions) => _windows.AddToCache([.. versions.Select(Batch)]);

    private TransitionBatch Batch(int version) => TransitionBatch.OfFile(
        Stream,
        new LoggedTransition(new Cursor(1, version, 0), Sample.TransitionOf(Sample.New(_file, 1) with { Version = version }), 0, 100 + version));

    private WindowCursor CursorAt(int version) => (WindowCursor)_windows.GetCacheCursor(Stream, Batch(version).SequenceToken);

    private void LookAtAll()
    {
        _time.Advance(TimeSpan.FromSeconds(2));
        _windows.TakeNotices([], all: true, _ => true);
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
