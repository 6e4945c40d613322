using System.Collections.Immutable;
using EventGrains.Files;

namespace EventGrains.Contracts.Datasets;

/// <summary>One dataset: the sums of what the shards count. Keyed by its name.</summary>
[Alias("EventGrains.IDatasetGrain"), Version(1)]
public interface IDatasetGrain : IGrainWithStringKey
{
    /// <summary>Null when no file ever belonged to it.</summary>
    [Alias("Get")]
    Task<DatasetCounts?> Get();

    /// <summary>The kept sums and a count over all files, both at one commit index: they must be equal.</summary>
    [Alias("Recount")]
    Task<DatasetRecount> Recount();
}

/// <summary>Lists datasets. A stateless worker, key 0.</summary>
[Alias("EventGrains.IDatasetListGrain"), Version(1)]
public interface IDatasetListGrain : IGrainWithIntegerKey
{
    /// <summary>In the order of their names, after a name.</summary>
    [Alias("List")]
    Task<IReadOnlyList<DatasetCounts>> List(string? after, int limit);
}

/// <param name="Bytes">The sum of the known sizes of its files that are not deleted.</param>
[GenerateSerializer, Immutable, Alias("EventGrains.DatasetCounts")]
public sealed record DatasetCounts(
    [property: Id(0)] string Name,
    [property: Id(1)] long Files,
    [property: Id(2)] ImmutableDictionary<FileStatus, long> Counts,
    [property: Id(3)] long Bytes,
    [property: Id(4)] DateTime UpdatedAt);

[GenerateSerializer, Immutable, Alias("EventGrains.DatasetRecount")]
public sealed record DatasetRecount([property: Id(0)] DatasetCounts Kept, [property: Id(1)] DatasetCounts Recounted, [property: Id(2)] long CommitIndex);
