using EventGrains.Contracts;
using EventGrains.Contracts.Shards;
using EventGrains.Contracts.Sources;
using EventGrains.Events;
using EventGrains.Files;
using EventGrains.Rules;
using EventGrains.Silo;
using EventGrains.Silo.Cluster;
using EventGrains.Silo.Sources;
using EventGrains.Silo.Store;
using Microsoft.Extensions.DependencyInjection;
using Orleans.TestingHost;

namespace EventGrains.Tests.Sources;

public sealed class SourceGrainTests
{
    [Fact]
    public async Task Declared_sources_run_without_being_asked_and_show_where_they_stand()
    {
        var directory = Directory.CreateTempSubdirectory("eventgrains-sources-");
        var shards = new DurableShards();
        var definitions = new Definitions
        {
            Storages = [new StorageDefinition("site", null, StorageRole.Origin)],
            Sources =
            [
                new SourceDefinition("billing", SourceType.Log, "words", "site", directory.FullName + "/*.log"),
                new SourceDefinition("pushed", SourceType.Http, "words", "site"),
            ],
        };
        var builder = new InProcessTestClusterBuilder(1);
        builder.ConfigureSilo((_, silo) =>
        {
            silo.Services.AddSingleton(definitions);
            silo.Services.AddSingleton(new SiloSettings());
            silo.Services.AddSingleton(new ClusterShape(1));
            silo.Services.AddSingleton<ShardMap>();
            silo.Services.AddSingleton<IStore>(new PartitionStore(shards.Models));
            silo.Services.AddSingleton<IEventDecoder, WordDecoder>();
            silo.AddSources();
            silo.Services.AddSingleton<IShardCalls>(shards);
        });
        await using var cluster = builder.Build();
        await cluster.DeployAsync();
        await File.WriteAllTextAsync(Path.Combine(directory.FullName, "one.log"), "a\nb\nc\n");

        await Eventually.Equal(["a", "b", "c"], () => shards.Records);

        var source = cluster.Client.GetGrain<ISourceGrain>("billing");
        var view = await source.Get();
        await Eventually.Is(() => (view = source.Get().GetAwaiter().GetResult()).Partitions.Sum(p => p.Position) == 6, () => view.ToString());

        Assert.Equal(SourceState.Running, view.State);
        Assert.Equal([("one.log", 6L, 6L, 0L)], view.Partitions.Select(p => (p.Partition, p.Position, p.Size, p.LagBytes)));

        await source.Seek("one.log", SeekTo.Earliest, 0);
        await Eventually.Equal(["a", "a", "b", "b", "c", "c"], () => shards.Records);

        var unknown = await Assert.ThrowsAsync<InvalidOperationException>(() => source.Seek("three.log", SeekTo.Latest, 0));
        Assert.Contains("it has: one.log", unknown.Message, StringComparison.Ordinal);
        Assert.Equal("http", (await cluster.Client.GetGrain<ISourceGrain>("pushed").Get()).Type);
        var undeclared = await Assert.ThrowsAnyAsync<Exception>(() => cluster.Client.GetGrain<ISourceGrain>("nobody").Get());
        Assert.Contains("billing, pushed", undeclared.Message, StringComparison.Ordinal);

        await cluster.StopAllSilosAsync();
        directory.Delete(recursive: true);
    }

    private sealed class WordDecoder : IEventDecoder
    {
        public string Format => "words";

        public Decoded Decode(ReadOnlySpan<byte> record, in DecodeContext context, List<StorageEvent> events)
        {
            var word = System.Text.Encoding.ASCII.GetString(record);
            events.Add(new StorageEvent(new FileId(context.Storage, word), word, FileFacts.Nothing));
            return new Decoded("word");
        }
    }

    private sealed class DurableShards : IShardCalls
    {
        public ShardModel[] Models { get; } = [new ShardModel(), new ShardModel()];

        public int Count => Models.Length;

        public IEnumerable<string> Records
        {
            get
            {
                lock (Models)
                {
                    return [.. Models.SelectMany(m => m.Records).Order(StringComparer.Ordinal)];
                }
            }
        }

        public Task<ApplyAnswer> Apply(int shard, EventBatch batch) => throw new NotSupportedException();

        public Task<RangeAnswer> ApplyRange(int shard, EventRange range)
        {
            lock (Models)
            {
                var verdict = Models[shard].Receive(range);
                Models[shard].CommitAll();
                return Task.FromResult(new RangeAnswer(verdict, Models[shard].Durable));
            }
        }
    }
}
