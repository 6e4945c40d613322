using EventGrains.Events;
using EventGrains.Files;
using EventGrains.Silo.Posix;
using Microsoft.Win32.SafeHandles;

namespace EventGrains.Silo.Sources.Directories;

/// <summary>Looks at paths and says what is new, compared with what is known durably. One batch at a time: the next one sees what this one said.</summary>
/// <remarks>
/// A file is announced only when it is complete (no writer has it open) and can be opened for reading, and its facts are those of
/// that open file; that a known one has another name is said at once. What is gone is said to be deleted only when its path says ENOENT, or is another file, beneath an unchanged root.
/// </remarks>
internal sealed class DirectoryLooks(DirectoryContext context, DirectoryEvents events) : IDisposable
{
    private const int FilesPerPathMax = 100;
    private readonly SemaphoreSlim oneAtATime = new(1);
    private readonly OtherNames otherNames = new();

    /// <summary>Files that could not be opened for reading, or whose date is in the future, since the last scan began.</summary>
    public int Unannounced { get; private set; }

    /// <summary>What notices tell of a file that lost its name is enough to find it; otherwise only a scan finds it.</summary>
    public bool KnowsAllNames => otherNames.AreAll;

    /// <summary>A scan begins, which looks at every name.</summary>
    public async Task BeginScan(CancellationToken ct)
    {
        await oneAtATime.WaitAsync(ct);
        try
        {
            CheckRoot();
            Unannounced = 0;
            otherNames.Clear();
        }
        finally
        {
            oneAtATime.Release();
        }
    }

    /// <summary>Looks at what may be there. Gives back what must be looked at again, and what is not there any more.</summary>
    public async Task<LookAnswer> Look(IReadOnlyList<Look> looks, CancellationToken ct)
    {
        await oneAtATime.WaitAsync(ct);
        try
        {
            CheckRoot();
            var answer = new LookAnswer();
            var seen = new List<(Look Look, FileStat Stat)>();
            foreach (var look in looks)
            {
                switch (context.Root.Look(look.Path, out var stat))
                {
                    case Sight.Seen when stat.Kind == FileKind.Regular:
                        seen.Add((look, stat));
                        break;
                    case Sight.Absent:
                        answer.Vanished.Add(look.Path);
                        answer.HasMissedName |= look.HasCome;
                        otherNames.Remove(look.Path);
                        break;
                    default:
                        // A directory, a link, a device, or not to be told: nothing that is announced.
                        break;
                }
            }

            await (context.IsReplica ? TakeCopies(seen, answer, ct) : TakeFiles(seen, answer, ct));
            return answer;
        }
        finally
        {
            oneAtATime.Release();
        }
    }

    /// <summary>Of paths where something was: each known file that is not there.</summary>
    public async Task<List<Missing>> FindMissing(IReadOnlyList<string> paths, CancellationToken ct)
    {
        if (context.IsReplica)
        {
            return [.. paths.Select(p => new Missing(p, null))];
        }

        var missing = new List<Missing>();
        foreach (var path in paths)
        {
            var known = await context.Store.FindByPath(context.Storage.Name, path, FilesPerPathMax, ct);
            missing.AddRange(known.Where(IsGone).Select(f => new Missing(path, f)));
        }

        return missing;
    }

    /// <summary>Says of each that it is deleted, if it is missing still, nothing was heard of it since it was found missing, and it has no other name.</summary>
    /// <param name="isScanned">Found missing by scans, which saw every name.</param>
    /// <returns>Paths of those of which something was heard.</returns>
    public async Task<List<string>> Conclude(IReadOnlyList<Missing> missing, bool isScanned, CancellationToken ct)
    {
        await oneAtATime.WaitAsync(ct);
        try
        {
            var gone = new List<StorageEvent>();
            var copies = new List<CopySighting>();
            var heardOf = new List<string>();
            var files = await Load([.. missing.Where(m => m.Known is not null).Select(m => m.Known!.Id)], ct);
            foreach (var (path, known) in missing)
            {
                if (known is null)
                {
                    // The clock before the look: a copy that is published between the two is later than this.
                    var directoryAt = context.Root.ClockNear(path);
                    if (context.Root.Look(path, context.Root.Notes?.Device, out _) == Sight.Absent)
                    {
                        copies.Add(new CopySighting(context.Source.Name, context.Storage.Name, path, directoryAt, null));
                    }
                }
                else if (files.TryGetValue(known.Id, out var file) && IsGone(file))
                {
                    if (file.Version != known.Version)
                    {
                        heardOf.Add(file.Facts.Path.Value!);
                    }
                    else if (OfOtherName(file) is { } moved)
                    {
                        gone.Add(moved);
                    }
                    else if (isScanned || KnowsAllNames)
                    {
                        gone.Add(DirectoryFacts.OfGone(file, context.Root.ClockNear(path)));
                    }
                }
            }

            // After the looks: a root that was unmounted meanwhile would have made them all lies.
            CheckRoot();
            await events.Apply(gone, ct);
            await events.Take(copies, ct);
            return heardOf;
        }
        finally
        {
            oneAtATime.Release();
        }
    }

    /// <summary>Whether a file that is known to be at its path is proved not to be there: ENOENT, or another file has the name.</summary>
    public bool IsGone(FileState known)
    {
        if (!DirectoryFacts.IsLive(known.Facts)
            || known.Facts.Path.Value is not { } path
            || !FileIdentity.TryParse(known.Id.Native, out var identity))
        {
            return false;
        }

        return context.Root.Look(path, identity.Device, out var stat) switch
        {
            Sight.Absent => true,
            Sight.Seen => stat.Identity != identity && stat.Identity.Device == identity.Device,
            _ => false,
        };
    }

    /// <summary>What is to be said of a file that lost its known name and has another one; null when it has none that we saw.</summary>
    private StorageEvent? OfOtherName(FileState known)
    {
        foreach (var name in otherNames.Of(known.Id))
        {
            otherNames.Remove(name);
            if (context.Root.Look(name, out var stat) == Sight.Seen && IdOf(stat) == known.Id)
            {
                return DirectoryFacts.OfMoved(known.Id, name, stat, known, isKnownPathItsToo: false);
            }
        }

        return null;
    }

    public void CheckRoot()
    {
        if (context.Root.Trouble() is { } trouble)
        {
            throw new RootLostException(trouble);
        }
    }

    public void Dispose() => oneAtATime.Dispose();

    private async Task TakeFiles(List<(Look Look, FileStat Stat)> seen, LookAnswer answer, CancellationToken ct)
    {
        var known = await Load(seen.Select(s => IdOf(s.Stat)).ToHashSet(), ct);
        var said = new Dictionary<FileId, StorageEvent>();
        foreach (var (look, stat) in seen)
        {
            var id = IdOf(stat);
            var state = known.GetValueOrDefault(id);
            var isKnownPathItsToo = state?.Facts.Path.Value is { } knownPath && knownPath != look.Path
                && context.Root.Look(knownPath, out var there) == Sight.Seen && there.Identity == stat.Identity;
            if (isKnownPathItsToo)
            {
                otherNames.Add(id, look.Path);
                await LeavePlaceOfAnother(look.Path, id, answer, ct);
            }

            var isSame = state is not null && DirectoryFacts.IsSameContent(state.Facts, stat);
            var saying = isSame || IsComplete(look, state is not null, stat, answer)
                ? DirectoryFacts.OfSeen(id, look.Path, stat, state, isKnownPathItsToo)
                : IsDatedAhead(stat) ? null : DirectoryFacts.OfMoved(id, look.Path, stat, state, isKnownPathItsToo);
            if (saying is null)
            {
                continue;
            }

            // Of two names of one file in one batch the first is taken; the other is looked at once that is known.
            if (!said.TryAdd(id, saying))
            {
                answer.Again.Add(look.AgainSoon(context.Now));
                continue;
            }

            if (saying.Says.Path.Value is not null && state?.Facts.Path.Value != look.Path)
            {
                await LeavePlaceOfAnother(look.Path, id, answer, ct);
            }
        }

        await events.Apply([.. said.Values], ct);
    }

    /// <summary>A file has a name that we know as another's: what became of that one?</summary>
    private async Task LeavePlaceOfAnother(string path, FileId file, LookAnswer answer, CancellationToken ct)
    {
        var known = await context.Store.FindByPath(context.Storage.Name, path, FilesPerPathMax, ct);
        if (known.Any(f => f.Id != file && DirectoryFacts.IsLive(f.Facts)))
        {
            answer.Vanished.Add(path);
        }
    }

    private async Task TakeCopies(List<(Look Look, FileStat Stat)> seen, LookAnswer answer, CancellationToken ct)
    {
        var sightings = new List<CopySighting>();
        foreach (var (look, stat) in seen)
        {
            if (IsComplete(look, false, stat, answer))
            {
                sightings.Add(new CopySighting(context.Source.Name, context.Storage.Name, look.Path, stat.ChangedAt, stat.Size));
            }
        }

        await events.Take(sightings, ct);
    }

    /// <summary>Opens the file, which proves that it can be read, and looks at it while no writer has it.</summary>
    private bool IsComplete(in Look look, bool isKnown, in FileStat stat, LookAnswer answer)
    {
        using var file = context.Root.TryOpen(look.Path, out _);
        if (file is null)
        {
            Again(look, answer);
            return false;
        }

        var writers = context.WritersOf(file);

        // What changed since it was seen under its name may have lost that name: its change time would be that of its own removal.
        var now = PosixFile.Stat(file);
        if (writers == Writers.CannotTell && !IsDatedAhead(now) && !IsWhole(look, isKnown) && SettlesAt(now) is var settlesAt && settlesAt > context.Now)
        {
            answer.Again.Add(look with { DueAt = settlesAt });
            return false;
        }

        if (writers == Writers.Some || now != stat)
        {
            Again(look, answer);
            return false;
        }

        if (IsDatedAhead(now))
        {
            Unannounced++;
            SourceMetrics.Count(context.Source.Name, 0, 1);
            return false;
        }

        return true;
    }

    private static bool IsWhole(in Look look, bool isKnown) => look.Arrival == Arrival.Closed || (look.Arrival == Arrival.Moved && !isKnown);

    /// <summary>When it will have been unchanged for long enough: by the date that nobody can set.</summary>
    private DateTime SettlesAt(in FileStat stat) => stat.ChangedAt + TimeSpan.FromSeconds(context.Settings.SettleSeconds);

    /// <summary>It would freeze the file's registers for ever; the clock of its file system is wrong.</summary>
    private bool IsDatedAhead(in FileStat stat) => stat.ChangedAt > context.Now + DecodeContext.DateAheadMax;

    private void Again(in Look look, LookAnswer answer)
    {
        if (look.Attempt < Directories.Look.AttemptsMax)
        {
            answer.Again.Add(look.AgainSoon(context.Now));
        }
        else if (look.Arrival != Arrival.Created)
        {
            Unannounced++;
        }
    }

    private FileId IdOf(in FileStat stat) => new(context.Storage.Name, stat.Identity.ToString());

    private async Task<Dictionary<FileId, FileState>> Load(IReadOnlyCollection<FileId> ids, CancellationToken ct)
    {
        var known = new Dictionary<FileId, FileState>();
        foreach (var shard in ids.GroupBy(id => id.ShardOf(context.Store.Shards)))
        {
            foreach (var state in await context.Store.Load(shard.Key, [.. shard], ct))
            {
                if (state is not null)
                {
                    known[state.Id] = state;
                }
            }
        }

        return known;
    }
}

/// <summary>What a batch of looks leaves to do.</summary>
internal sealed class LookAnswer
{
    /// <summary>Not complete or not readable yet; with the time of the next look.</summary>
    public List<Look> Again { get; } = [];

    /// <summary>Nothing is there, or another file than the one that was.</summary>
    public List<string> Vanished { get; } = [];

    /// <summary>A name had come and was gone before this look.</summary>
    public bool HasMissedName { get; set; }
}
