using EventGrains.Contracts.Transitions;
using EventGrains.Tests.Store;

namespace EventGrains.Tests.Streams;

/// <summary>What a file's stream promises to a grain that is subscribed to it by its class.</summary>
public sealed class FileStreamTests
{
    [Fact]
    public async Task Each_transition_reaches_the_files_grain_in_version_order()
    {
        await using var cluster = await StreamCluster.Start(new MemoryStore(4), silos: 2);
        var files = Enumerable.Range(0, 20).Select(_ => StreamCluster.NewFile()).ToList();

        await Task.WhenAll(files.Select(f => cluster.Tell(f, 1, 30)));

        await Assert.AllAsync(files, f => StreamCluster.Saw(f, Enumerable.Range(1, 30)));
    }

    [Fact]
    public async Task A_silo_that_is_killed_loses_nothing()
    {
        await using var cluster = await StreamCluster.Start(new MemoryStore(4), silos: 3);
        var files = Enumerable.Range(0, 10).Select(_ => StreamCluster.NewFile()).ToList();
        await Task.WhenAll(files.Select(f => cluster.Tell(f, 1, 5)));

        var telling = Task.WhenAll(files.Select(f => cluster.Tell(f, 6, 25)));
        await cluster.Kill(1);
        await telling;

        await Assert.AllAsync(files, f => StreamCluster.Saw(f, Enumerable.Range(1, 25)));
    }

    [Fact]
    public async Task What_happened_while_no_silo_ran_the_provider_is_delivered_when_one_does()
    {
        var store = new MemoryStore(4);
        var file = StreamCluster.NewFile();
        await using (var before = await StreamCluster.Start(store))
        {
            await before.Tell(file, 1, 2);
            await StreamCluster.Saw(file, [1, 2]);
        }

        await using (var without = await StreamCluster.Start(store, hasStreams: false))
        {
            await without.Tell(file, 3, 5);
        }

        await using var after = await StreamCluster.Start(store);
        await StreamCluster.Saw(file, [1, 2, 3, 4, 5]);
    }

    [Fact]
    public async Task A_grain_rewinds_to_the_earliest_that_the_log_keeps()
    {
        await using var cluster = await StreamCluster.Start(new MemoryStore(4));
        var file = StreamCluster.NewFile();
        await cluster.Tell(file, 1, 40);
        await StreamCluster.Saw(file, Enumerable.Range(1, 40));
        await cluster.Grains.GetGrain<IFileWatcherGrain>(file.ToString()).Rewind();
        FileWatcherGrain.Files[file.ToString()].Versions.Clear();

        await cluster.Tell(file, 41, 41);

        await StreamCluster.Saw(file, Enumerable.Range(1, 41));
    }

    [Fact]
    public async Task What_fails_is_parked_after_its_attempts_and_the_stream_goes_on()
    {
        await using var cluster = await StreamCluster.Start(new MemoryStore(4), set: s => s.StreamAttemptsMax = 3);
        var (file, other) = (StreamCluster.NewFile(), StreamCluster.NewFile());
        var seen = FileWatcherGrain.Files.GetOrAdd(file.ToString(), _ => new FileWatcherGrain.Seen());
        seen.FailsOn = 2;

        await cluster.Tell(file, 1, 4);
        await cluster.Tell(other, 1, 4);

        await StreamCluster.Saw(other, [1, 2, 3, 4]);
        await StreamCluster.Saw(file, [1, 3, 4]);
        Assert.Equal(3, seen.Attempts.Count(v => v == 2));
        var parked = Assert.Single((await cluster.Parked.List(0, 10)).Items);
        Assert.Equal(($"files/{file}", 2, 3), (parked.Stream, parked.Index, parked.Attempts));
        Assert.Contains("cannot stand it", parked.Error, StringComparison.Ordinal);
        Assert.Contains(file.Native, parked.Consumer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_parked_is_delivered_again_when_asked_for()
    {
        await using var cluster = await StreamCluster.Start(new MemoryStore(4), set: s => s.StreamAttemptsMax = 2);
        var file = StreamCluster.NewFile();
        var seen = FileWatcherGrain.Files.GetOrAdd(file.ToString(), _ => new FileWatcherGrain.Seen());
        seen.FailsOn = 1;
        await cluster.Tell(file, 1, 2);
        await StreamCluster.Saw(file, [2]);
        var parked = Assert.Single((await cluster.Parked.List(0, 10)).Items);
        seen.FailsOn = 0;
        seen.Attempts.Clear();

        Assert.True(await cluster.Parked.Retry(parked.Number));

        await Sources.Eventually.Equal([1], () => seen.Attempts);
        Assert.Empty((await cluster.Parked.List(0, 10)).Items);
        await cluster.Tell(file, 3, 3);
        await StreamCluster.Saw(file, [2, 3]);
    }

    [Fact]
    public async Task Entries_are_dropped_when_asked_for_and_beyond_the_bound_the_oldest()
    {
        await using var cluster = await StreamCluster.Start(new MemoryStore(4), set: s => s.StreamParkedMax = 2);
        var delivery = new ParkedDelivery(0, "files/dcache:A", 1, 1, "grain", "error", 5, DateTime.UnixEpoch);
        foreach (var sequence in new[] { 1, 2, 2, 3 })
        {
            await cluster.Parked.Park(delivery with { Sequence = sequence });
        }

        var page = await cluster.Parked.List(0, 10);
        Assert.Equal([2, 3], page.Items.Select(i => i.Sequence));
        Assert.Equal(1, page.Dropped);
        Assert.True(await cluster.Parked.Drop(page.Items[0].Number));
        Assert.False(await cluster.Parked.Drop(page.Items[0].Number));
        Assert.Equal(page.Items[1], Assert.Single((await cluster.Parked.List(page.Items[0].Number, 10)).Items));
    }
}
