using System.Diagnostics;
using System.Globalization;
using EventGrains.Contracts.Shards;
using EventGrains.Contracts.Transitions;
using EventGrains.Events;
using EventGrains.Files;
using EventGrains.Silo;
using EventGrains.Silo.Store.Rocks;
using EventGrains.Tests.Files;

namespace EventGrains.Tests.Streams;

/// <summary>What streams cost: events a second until all were delivered, by the share of files that somebody is subscribed to. Figures are printed, not judged.</summary>
public sealed class StreamSpeedTests(ITestOutputHelper output)
{
    /// <summary>Files of one run; each has two events.</summary>
    private static readonly int Files = int.Parse(Environment.GetEnvironmentVariable("EVENTGRAINS_STREAM_FILES") ?? "1000", CultureInfo.InvariantCulture);

    [Theory]
    [InlineData("no provider", 0)]
    [InlineData("nobody", 0)]
    [InlineData("explicit", 1)]
    [InlineData("implicit", 100)]
    [InlineData("implicit only", 100)]
    public async Task Events_a_second_with_so_many_percent_of_the_files_subscribed(string how, int percent)
    {
        var directory = Directory.CreateTempSubdirectory("eventgrains-streams-").FullName;
        try
        {
            await using var store = RocksStore.Open(Path.Combine(directory, "store"), new SiloSettings { Shards = 16 });
            await using var cluster = await StreamCluster.Start(store, hasStreams: how != "no provider", hasWatchers: how.StartsWith("implicit", StringComparison.Ordinal), isImplicitOnly: how == "implicit only");
            var files = Enumerable.Range(0, Files).Select(_ => StreamCluster.NewFile()).ToList();
            var subscribed = files.Take(Files * percent / 100).ToList();
            if (how == "explicit")
            {
                // A queue looks once a second who has subscribed: what is measured begins when all of them are known.
                await Task.WhenAll(subscribed.Select(f => cluster.Grains.GetGrain<ISubscriberGrain>(f.ToString()).Subscribe(TransitionStreams.Files, f.ToString())));
                await Tell(cluster, [.. subscribed], 0);
                await Delivered(subscribed, 1);
            }

            var (clock, cpu) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime);
            await Task.WhenAll(files.Chunk(500).Select(c => Tell(cluster, c, 1)));
            await Task.WhenAll(files.Chunk(500).Select(c => Tell(cluster, c, 2)));
            var told = clock.Elapsed;
            await Delivered(subscribed, how == "explicit" ? 3 : 2);

            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{percent,3} % of {Files} files ({how}): {2 * Files / told.TotalSeconds:f0} events/s durable, {2 * Files / clock.Elapsed.TotalSeconds:f0} events/s until all {2 * subscribed.Count} were delivered, {(Environment.CpuUsage.TotalTime - cpu).TotalMicroseconds / (2 * Files):f0} us of CPU an event"));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static Task Delivered(List<FileId> files, int each) =>
        Sources.Eventually.Is(() => files.TrueForAll(f => Delivered(f) >= each), () => $"{files.Sum(Delivered)} of {each * files.Count}");

    private static int Delivered(FileId file) => FileWatcherGrain.Files.TryGetValue(file.ToString(), out var seen)
        ? seen.Versions.Count
        : SubscriberGrain.Heard.GetValueOrDefault(file.ToString())?.Count ?? 0;

    private static Task Tell(StreamCluster cluster, FileId[] files, int at) => Task.WhenAll(files.GroupBy(f => f.ShardOf(16)).Select(shard =>
        cluster.Grains.GetGrain<IFileShardGrain>(shard.Key).Apply(new EventBatch("billing", [.. shard.Select(f => new StorageEvent(f, "said", At(at)))]))));

    private static FileFacts At(int at) => FileFacts.Join(
        Says.DoorStored("/d", 0), new FileFacts { Path = new PathRegister(PathRank.Namespace, Says.At(at), $"/d/{at}") });
}
