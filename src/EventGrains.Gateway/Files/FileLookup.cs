using EventGrains.Contracts.Files;
using EventGrains.Files;
using EventGrains.Gateway.Http;

namespace EventGrains.Gateway.Files;

/// <summary>Finds the one file that a name means: <c>STORAGE:NATIVE</c>, or <c>STORAGE:/PATH</c>.</summary>
internal sealed class FileLookup(Questions questions)
{
    /// <exception cref="ProblemException">400: no name of a file. 404: not known. 409: several live files under this path.</exception>
    public async Task<FileState> Find(string name, CancellationToken stop)
    {
        if (FileId.TryParse(name, out var id))
        {
            return await questions.Ask(grains => grains.GetFile(id).Get(), stop)
                ?? throw ProblemException.NotFound($"no event ever named file {name}", "`eventgrains file list` shows which are known; a file can be asked for by STORAGE:/PATH too");
        }

        var colon = name.IndexOf(':', StringComparison.Ordinal);
        if (colon <= 0 || colon == name.Length - 1)
        {
            throw ProblemException.BadRequest($"'{name}' names no file", "write STORAGE:NATIVE, such as dcache:0000A1B2, or STORAGE:/PATH; percent-encoded in a URL");
        }

        return await FindByPath(name[..colon], name[(colon + 1)..], stop);
    }

    private async Task<FileState> FindByPath(string storage, string path, CancellationToken stop)
    {
        var found = await questions.Ask(grains => grains.GetGrain<IFileListGrain>(0).FindByPath(storage, path), stop);
        var live = found.Where(file => FileSummary.Of(file).Existence != Existence.Deleted).ToList();
        return live.Count switch
        {
            1 => live[0],
            0 when found.Count > 0 => found[0],
            0 => throw ProblemException.NotFound($"no file is known at {path} of storage {storage}", $"`eventgrains file list --storage {storage}` shows which are; a file is found by its path once an event told it"),
            _ => throw new ProblemException(StatusCodes.Status409Conflict, "Ambiguous", $"{live.Count} files are known at {path} of storage {storage}", "ask for one by its id")
            {
                Candidates = [.. live.Select(file => file.Id.ToString())],
            },
        };
    }
}
