using System.Collections.Immutable;

namespace EventGrains.Contracts.Status;

/// <summary>What an operator asks first. A stateless worker, key 0.</summary>
[Alias("EventGrains.IStatusGrain"), Version(1)]
public interface IStatusGrain : IGrainWithIntegerKey
{
    [Alias("Get")]
    Task<StatusView> Get();
}

[GenerateSerializer, Immutable, Alias("EventGrains.StatusView")]
public sealed record StatusView(
    [property: Id(0)] string Version,
    [property: Id(1)] bool Ready,
    [property: Id(2)] StoreView Store,
    [property: Id(3)] int Shards,
    [property: Id(4)] long Files,
    [property: Id(5)] ImmutableArray<RuleView> Rules,
    [property: Id(6)] ImmutableArray<Trouble> Unhealthy,
    [property: Id(7)] ImmutableArray<SiloView> Silos,
    [property: Id(8)] ImmutableArray<ShardOwner> Owners);

/// <param name="State">As membership has it: active, joining, shuttingDown, ...; those that are gone are not listed.</param>
/// <param name="Shards">Shards whose newest owner it is.</param>
[GenerateSerializer, Immutable, Alias("EventGrains.SiloView")]
public sealed record SiloView([property: Id(0)] string Name, [property: Id(1)] string Address, [property: Id(2)] string State, [property: Id(3)] int Shards);

/// <param name="Silo">The name of the silo that took it over last; null where there is only one, or none did yet.</param>
/// <param name="Epoch">Which term of ownership it is in: one more with each takeover.</param>
/// <param name="Since">When it took it over, by the database's clock; null where there is only one silo, or one of a release that did not note it.</param>
[GenerateSerializer, Immutable, Alias("EventGrains.ShardOwner")]
public sealed record ShardOwner([property: Id(0)] int Shard, [property: Id(1)] string? Silo, [property: Id(2)] long Epoch, [property: Id(3)] DateTime? Since = null);

[GenerateSerializer, Immutable, Alias("EventGrains.StoreView")]
public sealed record StoreView(
    [property: Id(0)] string Kind,
    [property: Id(1)] string? Path,
    [property: Id(2)] long Bytes,
    [property: Id(3)] long CommitIndex,
    [property: Id(4)] int Schema);

/// <param name="Held">Steps that wait because the rule is at its bound.</param>
[GenerateSerializer, Immutable, Alias("EventGrains.RuleView")]
public sealed record RuleView(
    [property: Id(0)] string Name,
    [property: Id(1)] string Generation,
    [property: Id(2)] int FilesPerHourMax,
    [property: Id(3)] long FiredLastHour,
    [property: Id(4)] long Held,
    [property: Id(5)] string SpecJson);

/// <summary>Something that is not as it should be: what, why, and what to do.</summary>
[GenerateSerializer, Immutable, Alias("EventGrains.Trouble")]
public sealed record Trouble([property: Id(0)] string What, [property: Id(1)] string Why, [property: Id(2)] string Do);
