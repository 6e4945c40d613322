using EventGrains.Contracts.Files;
using EventGrains.Files;
using EventGrains.Silo.Store;
using Orleans.Concurrency;

namespace EventGrains.Silo.Files;

/// <summary>Finds files in the store. Reads only.</summary>
[StatelessWorker, Reentrant]
internal sealed class FileListGrain(IStore store) : Grain, IFileListGrain
{
    /// <summary>How many files of one path are answered; a path that was used more often shows its newest.</summary>
    private const int SamePathMax = 100;

    public Task<FilePage> List(FileQuery query) => store.List(query with { Limit = Math.Clamp(query.Limit, 1, 1_000) });

    public Task<IReadOnlyList<FileState>> FindByPath(string storage, WireName path) => store.FindByPath(storage, path.Value!, SamePathMax);
}
