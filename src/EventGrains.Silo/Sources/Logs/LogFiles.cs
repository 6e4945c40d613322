using EventGrains.Contracts.Sources;
using EventGrains.Silo.Cluster;
using EventGrains.Silo.Posix;

namespace EventGrains.Silo.Sources.Logs;

/// <summary>The files of one partition: who bears its name, where a generation's file is, and the one that was finished last.</summary>
internal sealed class LogFiles(LogContext context, string partition, CancellationToken stop) : IDisposable
{
    private LogFile? finished;

    public LogSights Sights { get; set; } = LogSights.None;

    /// <summary>Keeps the file that was finished last open: its writer may not have noticed the rotation.</summary>
    public void Finished(LogFile file)
    {
        finished?.Dispose();
        finished = file;
    }

    /// <summary>Open, also when it has no name any more.</summary>
    public LogFile? LastFinished => finished;

    public FileIdentity? NameNow() =>
        PosixFile.TryStat(context.Glob.PathOf(partition), out var stat, out _) && stat.Kind == FileKind.Regular ? stat.Identity : null;

    /// <summary>What the end of an open file looks like.</summary>
    /// <param name="isLast">No later generation is known.</param>
    public EndSight SightOf(LogFile file, bool isLast, TimeSpan unchangedFor)
    {
        var stat = file.Stat();
        var hasSuccessor = !isLast || (NameNow() is { } other && other != file.Identity);
        var writers = stat.Links == 0 || hasSuccessor ? file.Writers : Writers.CannotTell;
        return new EndSight(stat.Size, stat.Links > 0, hasSuccessor, writers, unchangedFor);
    }

    public string NameOf(LogFile file) => Path.GetRelativePath(context.Glob.Directory, file.Path);

    /// <summary>A file that is no generation yet: the one that bears the partition's name, or one that the source gave to it.</summary>
    public (FileIdentity File, string Name)? FindNew(LogNotes notes) =>
        NameNow() is { } identity && !notes.Knows(identity) ? (identity, partition)
        : Sights.Now.FirstOrDefault(s => !notes.Knows(s.Identity)) is { Name: not null } sighting ? (sighting.Identity, sighting.Name)
        : null;

    public LogFile? Find(LogGeneration generation)
    {
        if (finished is { } old && old.Identity == generation.File && old.Stat().Links == 0)
        {
            // It has no name any more: the open file is all there is.
            finished = null;
            return old;
        }

        return LogSearch.ByIdentity(context.Glob, generation.File!.Value,
            [partition, generation.Name, .. Sights.Now.Where(s => s.Identity == generation.File).Select(s => s.Name)]);
    }

    /// <summary>A file that the source saw a moment ago and that lies under none of its names here is not lost: another silo sees it.</summary>
    /// <exception cref="IOException">It is so. Looked at again, it is found, or the source no longer sees it either.</exception>
    public void RefuseUnseen(LogGeneration generation)
    {
        if (Sights.Now.FirstOrDefault(s => s.Identity == generation.File) is { Name: not null } sighting
            && !(PosixFile.TryStat(context.Glob.PathOf(sighting.Name), out var stat, out _) && stat.Identity == generation.File))
        {
            var source = context.Source.Name;
            throw new IOException(
                $"silo {PostgresCluster.NameOf(context.Settings)} does not see {context.Glob.PathOf(sighting.Name)}, which source {source} sees from where it looks; nothing of it is taken to be lost, and it is looked for again; "
                + $"if not all silos see these files, name those that do by 'silos: [...]' of source {source}");
        }
    }

    /// <summary>Looks several times within the grace: a rotation is several steps, and we may look between them.</summary>
    public LogFile? Search(Func<LogFile?> look)
    {
        var began = context.Time.GetTimestamp();
        while (true)
        {
            if (look() is { } found)
            {
                return found;
            }

            if (context.Time.GetElapsedTime(began) >= context.Grace || stop.WaitHandle.WaitOne(100))
            {
                stop.ThrowIfCancellationRequested();
                return null;
            }
        }
    }

    public LogFile? SearchContent(IReadOnlyList<(long Position, string Check)> checks, FileIdentity? except) =>
        Search(() => LogSearch.ByContent(context.Glob, partition, checks, f => f == except));

    public void Dispose() => finished?.Dispose();
}
