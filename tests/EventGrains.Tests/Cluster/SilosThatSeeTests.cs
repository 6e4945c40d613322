using EventGrains.Contracts.Files;
using EventGrains.Contracts.Shards;
using EventGrains.Contracts.Sources;
using EventGrains.Contracts.Status;
using EventGrains.Events;
using EventGrains.Files;
using EventGrains.Rules;
using EventGrains.Silo.Actions;
using EventGrains.Silo.Sources.Logs;
using EventGrains.Silo.Status;
using EventGrains.Tests.Actions;
using EventGrains.Tests.Files;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;

namespace EventGrains.Tests.Cluster;

/// <summary>What only some silos see, in a cluster of several.</summary>
public sealed class SilosThatSeeTests
{
    [Fact]
    public async Task Sources_and_their_readers_are_where_their_files_are_seen_and_wait_for_such_a_silo_until_it_comes()
    {
        var directory = Directory.CreateTempSubdirectory("eventgrains-seen-");
        await File.WriteAllTextAsync(Path.Combine(directory.FullName, "one.log"), "{}\n");
        var storage = new StorageDefinition("site", null, StorageRole.Origin);
        SourceDefinition Log(string name, params string[] silos) =>
            new(name, SourceType.Log, "dcache", "site", directory.FullName + "/*.log") { Silos = SiloNames.Of(silos) };
        var definitions = new Definitions { Storages = [storage], Sources = [Log("here", "Silo_1"), Log("also-here", "Silo_1"), Log("later", "Silo_2", "Silo_7")] };
        await using var silos = await Silos.Start(2, 2, definitions);

        await silos.Wait(async () => await Position("here") == 3 && await Position("also-here") == 3);
        Assert.Equal(["Silo_1", "Silo_1"], [SiloOf<ISourceGrain>("here"), SiloOf<ISourceGrain>("also-here")]);
        Assert.Equal("Silo_1", SiloOf<ILogReaderGrain>(LogReaderGrain.KeyOf("here", "one.log")));

        var waiting = await silos.Grains.GetGrain<ISourceGrain>("later").Get();
        Assert.Equal(SourceState.Stopped, waiting.State);
        Assert.Contains("'silos' names Silo_2, Silo_7, and there are Silo_0, Silo_1; start one of them", waiting.Reason, StringComparison.Ordinal);
        await silos.Wait(() => Task.FromResult(Troubles().Any(t => t.What == "source later")));

        await silos.Cluster.StartAdditionalSiloAsync();

        await silos.Wait(async () => await Position("later") == 3);
        Assert.Equal("Silo_2", SiloOf<ISourceGrain>("later"));
        Assert.Equal("Silo_2", SiloOf<ILogReaderGrain>(LogReaderGrain.KeyOf("later", "one.log")));
        Assert.Equal("Silo_1", SiloOf<ISourceGrain>("here"));
        Assert.DoesNotContain(Troubles(), t => t.What == "source later");
        directory.Delete(recursive: true);

        async Task<long> Position(string source) =>
            (await silos.Grains.GetGrain<ISourceGrain>(source).Get()).Partitions.Sum(p => p.Position);

        string? SiloOf<T>(string key)
            where T : IGrainWithStringKey =>
            silos.Cluster.TryGetGrainContext(silos.Grains.GetGrain<T>(key).GetGrainId(), out var context)
                ? context.ActivationServices.GetRequiredService<ILocalSiloDetails>().Name
                : null;

        IEnumerable<Trouble> Troubles() => silos.Cluster.Silos.SelectMany(s => silos.Cluster.GetSiloServiceProvider(s.SiloAddress).GetRequiredService<Troubles>().Now);
    }

    [Fact]
    public async Task Copies_are_made_where_both_directories_are_seen_and_wait_for_such_a_silo()
    {
        using var scratch = new ScratchDirectory();
        var (inbox, mirror, far) = (scratch.Create("inbox"), scratch.Create("mirror"), scratch.Create("far"));
        var (definitions, messages) = RuleFiles.Parse([("rules.yaml",
            $$$"""
            {apiVersion: eventgrains/v1, kind: Storage, metadata: {name: inbox}, spec: {root: {{{inbox}}} }}
            --- {apiVersion: eventgrains/v1, kind: Storage, metadata: {name: mirror}, spec: {root: {{{mirror}}}, role: replica, silos: [Silo_1]}}
            --- {apiVersion: eventgrains/v1, kind: Storage, metadata: {name: far}, spec: {root: {{{far}}}, role: replica, silos: [Silo_9]}}
            --- {apiVersion: eventgrains/v1, kind: Rule, metadata: {name: near}, spec: {when: {path: /near/**}, do: [replicate: {to: mirror}]}}
            --- {apiVersion: eventgrains/v1, kind: Rule, metadata: {name: away}, spec: {when: {path: /away/**}, do: [replicate: {to: far}]}}
            """)]);
        Assert.Empty(messages);
        Directory.CreateDirectory(Path.Combine(inbox, "near"));
        await using var silos = await Silos.Start(2, 4, definitions);
        await silos.Even();
        var files = Enumerable.Range(0, 16).Select(n => new FileId("inbox", $"{n}")).ToArray();

        foreach (var file in files)
        {
            await File.WriteAllTextAsync(Path.Combine(inbox, "near", file.Native), "content");
            await Tell(file, Says.DoorStored($"/near/{file.Native}", 0));
        }

        await silos.Wait(async () => (await Task.WhenAll(files.Select(Step))).All(s => s.State == StepState.Done));
        var counts = await silos.Grains.GetGrain<IManagementGrain>(0).GetSimpleGrainStatistics();
        var at = Assert.Single(counts, c => c.ActivationCount > 0 && c.GrainType.StartsWith(typeof(ReplicateGrain).FullName + ",", StringComparison.Ordinal)).SiloAddress;
        Assert.Equal("Silo_1", silos.Cluster.GetSiloServiceProvider(at).GetRequiredService<ILocalSiloDetails>().Name);

        var away = new FileId("inbox", "away");
        await Tell(away, Says.DoorStored("/away/f", 0));
        await silos.Wait(async () => await Step(away) is { State: StepState.Waiting, Error: not null });
        Assert.StartsWith("waits: none of the silos that see storage 'far' (Silo_9) is there; start one of them", (await Step(away)).Error, StringComparison.Ordinal);

        Task Tell(FileId file, FileFacts said) =>
            silos.Shard(file.ShardOf(silos.Store.Shards)).Apply(new EventBatch("door", [new StorageEvent(file, "said", said)]));

        async Task<Step> Step(FileId file) => Assert.Single((await silos.Grains.GetFile(file).Get())!.Steps);
    }
}
