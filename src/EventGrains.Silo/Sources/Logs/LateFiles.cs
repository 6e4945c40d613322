using EventGrains.Contracts.Shards;
using EventGrains.Contracts.Sources;

namespace EventGrains.Silo.Sources.Logs;

/// <summary>The file that is being read, for comparison.</summary>
/// <param name="Lines">Up to where whole lines were taken of it.</param>
/// <param name="Durable">Up to where every record of the partition is durable.</param>
internal readonly record struct PresentRead(LogGeneration Generation, LogFile File, long Lines, RangePoint Durable)
{
    /// <summary>All of its first bytes are in the shards; a restart knows it by them, so a copy of them is not the only place where they are.</summary>
    public bool IsDurable(long size) => Math.Min(size, Lines) is > 0 and var upTo && Durable >= new RangePoint(Generation.Number, upTo);
}

/// <summary>A finished file that is not as it was when it was finished.</summary>
/// <param name="Known">The last generation that was read from it.</param>
/// <param name="Start">From where it is to be read; null when all that it holds was read.</param>
/// <param name="Check">The hash of what lies before <paramref name="Start"/>.</param>
/// <param name="Now">What it was when it was looked at.</param>
internal sealed record LateFile(LogGeneration Known, long? Start, string? Check, LogRest Now);

/// <summary>Looks at finished files that have changed: a writer that kept one open, a disk that came back, another copy under the name of an old one.</summary>
/// <remarks>
/// Only what the bytes prove is believed. A file that holds what was read of it and more is read on; one that holds only what was
/// read elsewhere is left alone; any other content is read from its beginning, for reading twice is better than losing.
/// </remarks>
internal sealed class LateFiles(LogContext context, LogFiles files)
{
    /// <summary>Each time costs two generations and keeps the present file waiting: a writer that never stops must not take all the time.</summary>
    private static readonly TimeSpan BetweenReads = TimeSpan.FromSeconds(1);

    /// <summary>What cannot be told yet is opened and hashed again after so long.</summary>
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(250);

    private long lookedAt;
    private TimeSpan pause;

    /// <summary>The first that has something to read or to settle; null when there is none, or it is too early to look again.</summary>
    /// <param name="present">Null while no file is being read.</param>
    public LateFile? Find(LogNotes notes, PresentRead? present)
    {
        if (context.Time.GetElapsedTime(lookedAt) < pause)
        {
            return null;
        }

        pause = TimeSpan.Zero;
        if (files.LastFinished is { } open
            && LogFileMap.Changed(notes, open.Identity, LogRest.Of(open.Stat())) is { } finished
            && Examine(open, finished, notes, present) is { } late)
        {
            return late;
        }

        foreach (var sighting in files.Sights.Now)
        {
            if (LogFileMap.Changed(notes, sighting.Identity, LogRest.Of(sighting)) is not { } generation
                || LogFile.TryOpen(context.Glob.PathOf(sighting.Name)) is not { } file)
            {
                continue;
            }

            using (file)
            {
                if (file.Identity == generation.File && Examine(file, generation, notes, present) is { } other)
                {
                    return other;
                }
            }
        }

        return null;
    }

    private LateFile? Examine(LogFile file, LogGeneration known, LogNotes notes, PresentRead? present)
    {
        // Before its bytes: what changes after this look has another size or time, and is looked at again.
        var now = LogRest.Of(file.Stat());
        if (LogFileMap.Changed(notes, file.Identity, now) is null)
        {
            return null;
        }

        var verdict = Judge(file, known, now.Position, notes, present);
        (lookedAt, pause) = (context.Time.GetTimestamp(), verdict is LateVerdict.Grown or LateVerdict.Anew ? BetweenReads : BetweenLooks);
        return verdict switch
        {
            LateVerdict.Grown => new LateFile(known, known.End, known.EndCheck, now),
            LateVerdict.Anew => new LateFile(known, 0, null, now),
            LateVerdict.Read => new LateFile(known, null, null, now),
            _ => null,
        };
    }

    private static LateVerdict Judge(LogFile file, LogGeneration known, long size, LogNotes notes, PresentRead? present)
    {
        var end = known.End!.Value;
        if (size >= end && (known.EndCheck is null || file.CheckAt(end) == known.EndCheck))
        {
            return size > end ? LateVerdict.Grown : LateVerdict.Read;
        }

        if (file.CheckAt(size) is not { } check)
        {
            return LateVerdict.CannotTell;
        }

        if (notes.Generations.Any(g => g.End == size && g.EndCheck == check))
        {
            return LateVerdict.Read;
        }

        if (present is not { } read)
        {
            return LateVerdict.Anew;
        }

        var isCopy = read.File.CheckAt(size) == check;
        if (!read.File.HoldsWhatWasRead)
        {
            // Truncated just now: this may be its copy, which is looked for when that is seen.
            return LateVerdict.CannotTell;
        }

        // A copy of what is being read, to which a truncation may follow.
        return !isCopy ? LateVerdict.Anew
            : size <= read.File.Position && read.IsDurable(size) ? LateVerdict.Read
            : LateVerdict.CannotTell;
    }

    private enum LateVerdict : byte
    {
        /// <summary>Something changes right now: the next look tells.</summary>
        CannotTell,

        /// <summary>All that it holds was read, from it or from another file.</summary>
        Read,

        /// <summary>It holds what was read of it, and more.</summary>
        Grown,

        /// <summary>It holds something else.</summary>
        Anew,
    }
}
