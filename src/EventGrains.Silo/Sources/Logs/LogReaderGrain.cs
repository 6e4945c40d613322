using EventGrains.Contracts.Sources;
using EventGrains.Rules;
using EventGrains.Silo.Cluster;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;

namespace EventGrains.Silo.Sources.Logs;

/// <summary>Holds the reader of one partition; two activations at a time would be told apart by their reader epochs.</summary>
/// <remarks>Calls nobody: its reader calls shards from threads of its own.</remarks>
[KeepAlive, Reentrant, PlacedEvenly]
internal sealed class LogReaderGrain(SourceParts parts, EvenKeeper keeper, ILogger<LogReaderGrain> log) : Grain, ILogReaderGrain
{
    private LogReader? reader;

    public Task<LogReaderView> Ping(LogSights sights, bool othersWait)
    {
        var running = Running(sights);
        running.Tell(sights, othersWait);
        return Task.FromResult(running.View);
    }

    public Task Seek(SeekTo to, long position) => Running(LogSights.None).Seek(to, position);

    public Task Resume(bool skipUnreadable) => Running(LogSights.None).Resume(skipUnreadable);

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        keeper.Here(GrainContext, typeof(LogReaderGrain));
        return Task.CompletedTask;
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        keeper.Gone(GrainContext);
        if (reader is not null)
        {
            await reader.DisposeAsync();
        }
    }

    private LogReader Running(LogSights sights)
    {
        if (reader is not null)
        {
            return reader;
        }

        var (source, partition) = Split(this.GetPrimaryKeyString());
        var started = new LogReader(parts.LogContextOf(source), partition, sights, log);
        parts.Started(started);
        reader = started;
        started.Start();
        _ = EndWith(started);
        return started;
    }

    private async Task EndWith(LogReader ended)
    {
        await ended.Finished;
        parts.Ended(ended);
        DeactivateOnIdle();
    }

    public static string KeyOf(string source, string partition) => $"p:{source}/{partition}";

    /// <summary>The source whose partition a key of this class names; null for a key of another class, such as a source's name.</summary>
    public static string? SourceOf(string key) =>
        key.StartsWith("p:", StringComparison.Ordinal) && key.Contains('/', StringComparison.Ordinal) ? Split(key).Source : null;

    // A source's name holds neither a slash nor a colon.
    private static (string Source, string Partition) Split(string key)
    {
        var slash = key.IndexOf('/', StringComparison.Ordinal);
        return (key[2..slash], key[(slash + 1)..]);
    }
}
