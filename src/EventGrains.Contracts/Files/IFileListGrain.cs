using EventGrains.Files;

namespace EventGrains.Contracts.Files;

/// <summary>Finds files by what they are. A stateless worker, key 0; answers from durable state.</summary>
[Alias("EventGrains.IFileListGrain"), Version(1)]
public interface IFileListGrain : IGrainWithIntegerKey
{
    [Alias("List")]
    Task<FilePage> List(FileQuery query);

    /// <summary>All files known under this path of a storage: the live ones first, then deleted ones, newest first.</summary>
    [Alias("FindByPath")]
    Task<IReadOnlyList<FileState>> FindByPath(string storage, WireName path);
}

/// <param name="Path">A glob, see <see cref="Rules.PathPattern"/>; null for all files, also those not located.</param>
/// <param name="Rule">With <paramref name="StepState"/>: only steps of this rule count.</param>
/// <param name="After">The <c>Next</c> of the page before; null for the first.</param>
/// <param name="Limit">1 to 1000.</param>
[GenerateSerializer, Immutable, Alias("EventGrains.FileQuery")]
public sealed record FileQuery(
    [property: Id(0)] string? Path = null,
    [property: Id(1)] string? Storage = null,
    [property: Id(2)] FileStatus? Status = null,
    [property: Id(3)] string? Dataset = null,
    [property: Id(4)] StepState? StepState = null,
    [property: Id(5)] string? Rule = null,
    [property: Id(6)] string? After = null,
    [property: Id(7)] int Limit = 100);

/// <param name="Next">Null on the last page. A page may hold fewer than asked, even none, and still have a next one: a filter that
/// matches little ends a page after a bound of rows looked at.</param>
[GenerateSerializer, Immutable, Alias("EventGrains.FilePage")]
public sealed record FilePage([property: Id(0)] IReadOnlyList<FileState> Items, [property: Id(1)] string? Next);
