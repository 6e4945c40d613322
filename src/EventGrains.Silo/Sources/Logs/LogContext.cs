using EventGrains.Events;
using EventGrains.Rules;
using EventGrains.Silo.Store;

namespace EventGrains.Silo.Sources.Logs;

/// <summary>What a reader works with; the same for all readers of a source.</summary>
internal sealed record LogContext(
    SourceDefinition Source, LogGlob Glob, IEventDecoder Decoder, IStore Store, IShardCalls Shards, SiloSettings Settings, TimeProvider Time)
{
    public TimeSpan Grace => TimeSpan.FromSeconds(Settings.RotationGraceSeconds);
}
