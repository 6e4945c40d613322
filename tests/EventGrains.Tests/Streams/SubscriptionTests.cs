using EventGrains.Contracts.Transitions;
using EventGrains.Files;
using EventGrains.Rules;
using EventGrains.Silo;
using EventGrains.Silo.Store.Rocks;
using EventGrains.Tests.Store;

namespace EventGrains.Tests.Streams;

/// <summary>What a stream promises to whoever subscribes to it by itself.</summary>
public sealed class SubscriptionTests
{
    private readonly string _name = Guid.NewGuid().ToString("N");

    [Fact]
    public async Task A_late_subscriber_hears_what_comes_after_it_and_nothing_before()
    {
        await using var cluster = await StreamCluster.Start(new MemoryStore(4), silos: 2, hasWatchers: false);
        var file = StreamCluster.NewFile();
        await cluster.Tell(file, 1, 3);

        await Subscriber(cluster).Subscribe(TransitionStreams.Files, file.ToString());
        await cluster.Tell(file, 4, 30);

        await StreamCluster.Heard(_name, Enumerable.Range(4, 27));
    }

    [Fact]
    public async Task From_a_token_on_it_hears_all_that_the_log_keeps_also_when_nothing_more_happens()
    {
        await using var cluster = await StreamCluster.Start(new MemoryStore(4), hasWatchers: false, set: s => s.StreamTailMax = 10);
        var (file, noise) = (StreamCluster.NewFile(), StreamCluster.NewFile());
        await cluster.Tell(file, 1, 120);
        await cluster.Tell(noise, 1, 50);

        await Subscriber(cluster).Subscribe(TransitionStreams.Files, file.ToString(), fromToken: 0);
        await cluster.Grains.GetGrain<ISubscriberGrain>(_name + "2").Subscribe(TransitionStreams.Files, file.ToString(), fromEarliest: true);

        await StreamCluster.Heard(_name, Enumerable.Range(1, 120));
        await StreamCluster.Heard(_name + "2", Enumerable.Range(1, 120));
    }

    [Fact]
    public async Task From_a_number_alone_it_hears_the_versions_from_there_on_however_many_came_before()
    {
        await using var store = new MemoryStore(4);
        await using var cluster = await StreamCluster.Start(store, hasWatchers: false, set: s => s.StreamTailMax = 10);
        var (file, noise) = (StreamCluster.NewFile(), StreamCluster.NewFile());
        await cluster.Tell(file, 1, 250);
        await cluster.Tell(noise, 1, 50);
        var version200 = (await store.ReadHistory(file, 199, 1))[0];

        await Subscriber(cluster).Subscribe(TransitionStreams.Files, file.ToString(), fromToken: version200.Sequence);

        await StreamCluster.Heard(_name, Enumerable.Range(200, 51));
    }

    [Fact]
    public async Task Who_unsubscribed_hears_nothing_and_others_go_on()
    {
        await using var cluster = await StreamCluster.Start(new MemoryStore(4), hasWatchers: false);
        var file = StreamCluster.NewFile();
        await Subscriber(cluster).Subscribe(TransitionStreams.Files, file.ToString());
        await cluster.Tell(file, 1, 2);
        await StreamCluster.Heard(_name, [1, 2]);

        await Subscriber(cluster).Unsubscribe(TransitionStreams.Files, file.ToString());
        await cluster.Grains.GetGrain<ISubscriberGrain>(_name + "2").Subscribe(TransitionStreams.Files, file.ToString());
        await cluster.Tell(file, 3, 4);

        await StreamCluster.Heard(_name + "2", [3, 4]);
        await StreamCluster.Heard(_name, [1, 2]);
    }

    [Fact]
    public async Task A_datasets_stream_has_the_transitions_of_its_files_in_the_public_order()
    {
        var definitions = new Definitions { Datasets = [new DatasetDefinition("runs", new PathPattern("/d/**"))] };
        await using var cluster = await StreamCluster.Start(new MemoryStore(4), hasWatchers: false, definitions: definitions);
        var files = Enumerable.Range(0, 6).Select(_ => StreamCluster.NewFile()).ToList();
        await Task.WhenAll(files.Take(3).Select(f => cluster.Tell(f, 1, 4)));

        await Subscriber(cluster).Subscribe(TransitionStreams.Datasets, "runs", fromToken: 0);
        await Task.WhenAll(files.Skip(3).Select(f => cluster.Tell(f, 1, 4)));

        await Sources.Eventually.Is(() => Heard().Count == 24, () => $"{Heard().Count} of 24");
        Assert.Equal(Heard().Order(), Heard());
    }

    [Fact]
    public async Task Over_a_restart_of_the_embedded_store_nothing_is_lost()
    {
        var directory = Directory.CreateTempSubdirectory("eventgrains-streams-").FullName;
        var file = StreamCluster.NewFile();
        try
        {
            var settings = new SiloSettings { Shards = 4 };
            await using (var store = RocksStore.Open(Path.Combine(directory, "store"), settings))
            await using (var cluster = await StreamCluster.Start(store))
            {
                await cluster.Tell(file, 1, 3);
                await StreamCluster.Saw(file, [1, 2, 3]);
                await cluster.Tell(file, 4, 6);
            }

            await using (var store = RocksStore.Open(Path.Combine(directory, "store"), settings))
            await using (var cluster = await StreamCluster.Start(store))
            {
                await cluster.Tell(file, 7, 8);
                await StreamCluster.Saw(file, Enumerable.Range(1, 8));
            }
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    /// <remarks>The files' last transitions are long over: no event tells the queues' new readers of them.</remarks>
    [Fact]
    public async Task After_a_silo_died_a_second_subscriber_hears_the_past_of_files_that_rest()
    {
        await using var cluster = await StreamCluster.Start(new MemoryStore(8), silos: 2, hasWatchers: false);
        var files = Enumerable.Range(0, 24).Select(_ => StreamCluster.NewFile()).ToList();
        await Task.WhenAll(files.Select(f => cluster.Tell(f, 1, 2)));
        await Task.WhenAll(files.Select(f => Subscribed(cluster, $"{_name}{f}", f)));
        await Task.WhenAll(files.Select(f => StreamCluster.Heard($"{_name}{f}", [1, 2])));

        await cluster.Kill(1);
        await Task.WhenAll(files.Select(f => Subscribed(cluster, $"{_name}{f}2", f)));

        await Task.WhenAll(files.Select(f => StreamCluster.Heard($"{_name}{f}2", [1, 2])));
    }

    private static Task Subscribed(StreamCluster cluster, string name, FileId file) => Sources.Eventually.Is(
        async () =>
        {
            try
            {
                await cluster.Grains.GetGrain<ISubscriberGrain>(name).Subscribe(TransitionStreams.Files, file.ToString(), fromEarliest: true);
                return true;
            }
            catch (Exception)
            {
                return false;
            }
        },
        () => $"{name} is not subscribed");

    private ISubscriberGrain Subscriber(StreamCluster cluster) => cluster.Grains.GetGrain<ISubscriberGrain>(_name);

    private List<Cursor> Heard() => [.. (SubscriberGrain.Heard.GetValueOrDefault(_name) ?? []).Select(l => l.Cursor).Distinct()];
}
