using System.Collections.Concurrent;
using EventGrains.Events;
using EventGrains.Rules;
using EventGrains.Silo.Cluster;
using EventGrains.Silo.Sources.Directories;
using EventGrains.Silo.Sources.Logs;
using EventGrains.Silo.Status;
using EventGrains.Silo.Store;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace EventGrains.Silo.Sources;

/// <summary>What sources are made of: the definitions and the services that each type needs.</summary>
internal sealed class SourceParts(
    Definitions definitions,
    IEnumerable<IEventDecoder> decoders,
    IStore store,
    IShardCalls shards,
    IGrainFactory grains,
    SiloSettings settings,
    Troubles troubles,
    TimeProvider time,
    ClusterTime clusterTime,
    IEnumerable<ICopySightings> copies,
    SilosThatSee silos,
    IClusterMembershipService membership,
    ILoggerFactory logs)
{
    private readonly ConcurrentDictionary<IAsyncDisposable, bool> running = new();
    private volatile bool isStopped;

    public Definitions Definitions { get; } = definitions;

    /// <summary>Ends intake on this silo: what runs stops, and nothing starts any more.</summary>
    public async Task Stop()
    {
        isStopped = true;
        await Task.WhenAll(running.Keys.Select(r => r.DisposeAsync().AsTask()));
    }

    public void Started(IAsyncDisposable part)
    {
        if (isStopped)
        {
            throw new InvalidOperationException("intake has ended: this silo stops");
        }

        running[part] = true;
    }

    public void Ended(IAsyncDisposable part) => running.TryRemove(part, out _);

    /// <exception cref="ArgumentException">Not declared; the message names those that are.</exception>
    public SourceDefinition Declared(string source) => Definitions.Source(source) ?? throw new ArgumentException(
        $"no source '{source}' is declared; declared are: {string.Join(", ", Definitions.Sources.Select(s => s.Name))}", nameof(source));

    public LogContext LogContextOf(string source)
    {
        var definition = Declared(source);
        var decoder = decoders.FirstOrDefault(d => d.Format == definition.Format)
            ?? throw new ArgumentException($"source '{source}' has the format '{definition.Format}', which nobody reads; there are: {string.Join(", ", decoders.Select(d => d.Format))}");
        var glob = new LogGlob(definition.Files ?? throw new ArgumentException($"source '{source}' is of type log and names no files; add 'files: GLOB'"));
        return new LogContext(definition, glob, decoder, store, shards, settings, clusterTime);
    }

    public ISourceRunner Start(string source)
    {
        var definition = Declared(source);
        var named = Definitions.SilosOf(definition);
        ISourceRunner runner = definition.Type switch
        {
            _ when !named.Include(silos.Here) => new WaitingSource(definition, named, silos, membership, troubles),
            SourceType.Log => new LogSource(LogContextOf(source), grains, logs.CreateLogger<LogSource>()),
            SourceType.Directory => new DirectorySource(DirectoryContextOf(definition), logs.CreateLogger<DirectorySource>()),
            _ => new HttpSource(definition),
        };
        Started(runner);
        runner.Start();
        return runner;
    }

    private DirectoryContext DirectoryContextOf(SourceDefinition source)
    {
        var storage = Definitions.Storage(source.Storage)
            ?? throw new ArgumentException($"source '{source.Name}' speaks of storage '{source.Storage}', which is not declared");
        var root = new WatchedRoot(Path.GetFullPath(storage.Root
            ?? throw new ArgumentException($"storage '{storage.Name}' has no root, and source '{source.Name}' watches it; add 'root: DIRECTORY'")));
        return new DirectoryContext(source, storage, root, store, shards, copies.FirstOrDefault(), settings, troubles, time);
    }
}
