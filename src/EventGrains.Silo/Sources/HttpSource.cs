using EventGrains.Contracts.Sources;
using EventGrains.Rules;

namespace EventGrains.Silo.Sources;

/// <summary>A pushed source has no positions: the gateway decodes and sends, and here it is counted and shown.</summary>
internal sealed class HttpSource(SourceDefinition definition) : ISourceRunner
{
    public SourceView View { get; } = new(
        definition.Name, "http", definition.Format, definition.Storage, SourceState.Running, null, []);

    public void Start()
    {
    }

    public Task Seek(string partition, SeekTo to, long position) => throw new InvalidOperationException(
        $"source '{definition.Name}' is pushed and has no positions; send its events again with 'eventgrains events publish'");

    public Task Resume(bool skipUnreadable) => Task.CompletedTask;

    public void Count(long accepted, long rejected) => SourceMetrics.Count(definition.Name, accepted, rejected);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
