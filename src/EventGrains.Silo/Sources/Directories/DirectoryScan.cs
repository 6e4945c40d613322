using System.Globalization;
using EventGrains.Contracts.Files;
using EventGrains.Files;
using EventGrains.Silo.Posix;

namespace EventGrains.Silo.Sources.Directories;

/// <summary>Compares the tree with what is known. A listing shows what is there, never what is not: each known file is looked at by itself.</summary>
internal sealed class DirectoryScan(DirectoryContext context, DirectoryLooks looks, DirectoryWatches watches, Action<LookAnswer> leave)
{
    private const int BatchPathsMax = 500;
    private const int PageRowsMax = 1_000;

    /// <summary>So few may be missing whatever share they are.</summary>
    public const int MissingFilesMax = 20;

    private HashSet<(string Path, FileId? File)> missedBefore = [];

    /// <summary>Directories that could not be listed since the last scan began.</summary>
    public int Unlisted { get; set; }

    /// <summary>Looks at everything below a directory. Each directory is watched before it is listed, so nothing falls between.</summary>
    public async Task Walk(string from, CancellationToken ct)
    {
        var directories = new Stack<string>([from]);
        var batch = new List<Look>();
        while (directories.TryPop(out var directory))
        {
            ct.ThrowIfCancellationRequested();
            watches.Add(directory);
            foreach (var (path, kind) in List(directory))
            {
                if (kind == FileKind.Directory)
                {
                    directories.Push(path);
                    continue;
                }

                batch.Add(new Look(path, default, 0, Arrival.Unknown, HasCome: true));
                if (batch.Count >= BatchPathsMax)
                {
                    leave(await looks.Look(batch, ct));
                    batch.Clear();
                }
            }
        }

        if (batch.Count > 0)
        {
            leave(await looks.Look(batch, ct));
        }
    }

    /// <summary>Looks at each known file where it is known to be; hands on the paths of those that are not there.</summary>
    /// <param name="confirmed">Somebody said that so many may be missing, besides those that may always be.</param>
    /// <param name="isAllNoticed">
    /// Otherwise a file may have been moved to where this scan had been already without that being noticed. Then those are deleted here that the
    /// scan before missed too: this one would have found them, wherever it could look.
    /// </param>
    /// <returns>True when all that is missing was handed on or deleted.</returns>
    /// <exception cref="MissingFilesException">More is missing than <c>missingShareMax</c>: nothing was concluded.</exception>
    public async Task<bool> FindMissing(long confirmed, Func<bool> isAllNoticed, Func<string, Task> vanished, CancellationToken ct)
    {
        long known = 0, missing = 0;
        await foreach (var (_, isMissing) in Known(ct))
        {
            known++;
            missing += isMissing ? 1 : 0;
        }

        looks.CheckRoot();
        var unasked = missing - confirmed;
        if (unasked > MissingFilesMax && unasked > known * context.Settings.MissingShareMax / 100)
        {
            throw new MissingFilesException(missing, new Complaint(string.Create(CultureInfo.InvariantCulture,
                $"{missing} of {known} known files are not there any more, over missingShareMax ({context.Settings.MissingShareMax} %); nothing was said to be deleted. Is everything mounted?"),
                $"mount what is not; if they are really gone: 'eventgrains source resume {context.Source.Name}'"));
        }

        // Read and looked at again: what came back in the meantime is not missing.
        var missed = new HashSet<(string, FileId?)>();
        var twice = new List<Missing>();
        var areAll = true;
        await foreach (var (file, isMissing) in Known(ct))
        {
            if (!isMissing)
            {
                continue;
            }

            if (missed.Count < LookQueue.PathsMax)
            {
                missed.Add((file.Path, file.Known?.Id));
            }

            if (isAllNoticed())
            {
                await vanished(file.Path);
            }
            else if (missedBefore.Contains((file.Path, file.Known?.Id)))
            {
                twice.Add(file);
                await Delete(twice, BatchPathsMax, ct);
            }
            else
            {
                areAll = false;
            }
        }

        await Delete(twice, 1, ct);
        missedBefore = missed;
        return areAll;
    }

    /// <summary>Hands on the paths of known files below these directories that are not there.</summary>
    public async Task FindVanishedBelow(IReadOnlyCollection<string> directories, Func<string, Task> vanished, CancellationToken ct)
    {
        await foreach (var (file, isMissing) in Known(ct))
        {
            if (isMissing && directories.Any(d => WatchTree.IsWithin(file.Path, d)))
            {
                await vanished(file.Path);
            }
        }
    }

    private async Task Delete(List<Missing> missing, int least, CancellationToken ct)
    {
        if (missing.Count >= least)
        {
            await looks.Conclude(missing, isScanned: true, ct);
            missing.Clear();
        }
    }

    private async IAsyncEnumerable<(Missing File, bool IsMissing)> Known([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        // A copy is a replica of a file of any storage.
        for (string? after = null; ;)
        {
            var page = await context.Store.List(new FileQuery(Storage: context.IsReplica ? null : context.Storage.Name, After: after, Limit: PageRowsMax), ct);
            foreach (var file in page.Items)
            {
                if (context.IsReplica)
                {
                    foreach (var copy in file.Facts.Replicas.Where(r => r.Storage == context.Storage.Name && r is { Path: not null, State: ReplicaState.Present or ReplicaState.Corrupt }))
                    {
                        yield return (new Missing(copy.Path!, null), context.Root.Look(copy.Path!, context.Root.Notes?.Device, out _) == Sight.Absent);
                    }
                }
                else if (DirectoryFacts.IsLive(file.Facts) && file.Facts.Path.Value is { } path)
                {
                    yield return (new Missing(path, file), looks.IsGone(file));
                }
            }

            after = page.Next;
            if (after is null)
            {
                yield break;
            }
        }
    }

    private List<(string Path, FileKind Kind)> List(string directory)
    {
        var entries = new List<(string, FileKind)>();
        using var handle = context.Root.TryOpenDirectory(directory, out var error);
        if (handle is null)
        {
            Unlisted += error == SystemCalls.NotFound ? 0 : 1;
            return entries;
        }

        try
        {
            PosixFile.List(handle, (name, kind) =>
            {
                if (kind == FileKind.Other && PosixFile.TryStat(handle, name, out var stat, out _))
                {
                    kind = stat.Kind;
                }

                if (kind is FileKind.Regular or FileKind.Directory && !WatchedRoot.IsOurs(name))
                {
                    entries.Add(($"{directory}/{name}", kind));
                }
            });
        }
        catch (IOException)
        {
            // What was listed is there; the rest is unknown, and is not concluded from.
            Unlisted++;
        }

        return entries;
    }
}
