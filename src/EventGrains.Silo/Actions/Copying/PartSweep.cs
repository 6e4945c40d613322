using EventGrains.Silo.Posix;

namespace EventGrains.Silo.Actions.Copying;

/// <param name="Path">In the storage, beginning with <c>/</c>.</param>
internal readonly record struct RemovedPart(string Path, long Bytes);

/// <summary>Goes through one replica storage for parts that no attempt came back for, so many entries at a time.</summary>
/// <remarks>
/// Touches nothing but regular files of exactly a part's name that nobody has locked. Follows no link: directories are entered one by one
/// from the root. What cannot be entered or removed is passed over; the next round tries again.
/// </remarks>
internal sealed class PartSweep(string root)
{
    /// <summary>After so many entries it comes back, in the middle of a round; a directory that was begun is gone through.</summary>
    public const int EntriesMax = 200_000;

    /// <summary>Directories that may wait to be entered; of one with more the rest is left out of this round, and that is said.</summary>
    public const int DirectoriesMax = 100_000;

    private readonly Stack<string> waiting = new();

    /// <summary>The tree has been gone through; the next call begins a new round.</summary>
    public bool IsWhole => waiting.Count == 0;

    public bool HasLeftOut { get; private set; }

    /// <summary>Goes on where it stopped.</summary>
    /// <param name="unchangedSince">Parts that changed later stay, by the clock of their file system: an attempt may go on with them.</param>
    /// <exception cref="StepFailedException">The root is away.</exception>
    public List<RemovedPart> Run(DateTime unchangedSince, CancellationToken ct, int entriesMax = EntriesMax)
    {
        using var top = StorageRoot.Open(root);
        if (IsWhole)
        {
            HasLeftOut = false;
            waiting.Push("");
        }

        var removed = new List<RemovedPart>();
        for (var left = entriesMax; left > 0 && waiting.TryPop(out var directory);)
        {
            ct.ThrowIfCancellationRequested();
            left -= 1 + Look(top, directory, unchangedSince, removed);
        }

        return removed;
    }

    private int Look(OpenFile top, string path, DateTime unchangedSince, List<RemovedPart> removed)
    {
        var entries = 0;
        var parts = new List<string>();
        try
        {
            using var directory = Enter(top, path);
            PosixFile.List(directory, (name, kind) =>
            {
                entries++;
                if (kind == FileKind.Directory || (kind == FileKind.Other && directory.StatusAt(name) is { Kind: FileKind.Directory }))
                {
                    Leave($"{path}/{name}");
                }
                else if (PartFile.IsName(name))
                {
                    parts.Add(name);
                }
            });
            foreach (var part in parts)
            {
                if (TryRemove(directory, part, unchangedSince) is { } bytes)
                {
                    removed.Add(new RemovedPart($"{path}/{part}", bytes));
                }
            }
        }
        catch (IOException)
        {
            // Gone meanwhile, or not ours to read.
        }

        return entries;
    }

    private static long? TryRemove(OpenFile directory, string part, DateTime unchangedSince)
    {
        try
        {
            return PartFile.TryRemoveLeft(directory, part, unchangedSince);
        }
        catch (IOException)
        {
            return null; // not ours to open, which keeps none of the others
        }
    }

    private void Leave(string directory)
    {
        if (waiting.Count < DirectoriesMax)
        {
            waiting.Push(directory);
        }
        else
        {
            HasLeftOut = true;
        }
    }

    private static OpenFile Enter(OpenFile top, string path)
    {
        var directory = top.OpenAt(".", OpenMode.Directory);
        foreach (var name in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            using var parent = directory;
            directory = parent.OpenAt(name, OpenMode.Directory);
        }

        return directory;
    }
}
