using EventGrains.Contracts.Shards;
using EventGrains.Contracts.Sources;
using EventGrains.Silo.Posix;

namespace EventGrains.Silo.Sources.Logs;

/// <summary>One reader's ownership of a partition, from the claim until it ends: reads its generations in order and offers stretches.</summary>
/// <remarks>Runs on the reader's own thread and blocks there. Every change of the generations is saved before a range of them is sent.</remarks>
internal sealed class LogSession : IDisposable
{
    /// <summary>Fewer events are not sent to a shard beside an unanswered range of the same partition.</summary>
    private const int BesideEventsMin = 64;

    private static readonly TimeSpan SeekPatience = TimeSpan.FromSeconds(8);

    private readonly LogContext context;
    private readonly string partition;
    private readonly LogIntake intake;
    private readonly CancellationToken stop;
    private readonly byte[] buffer;
    private readonly LogClaim claim;
    private readonly LogFiles files;
    private readonly LateFiles lateFiles;
    private readonly EndWatch watch;
    private LogGeneration? present;
    private LogFile? file;

    /// <param name="buffer">What one read takes. Used by one session at a time.</param>
    public LogSession(LogContext context, string partition, LogSights sights, byte[] buffer, CancellationToken stop)
    {
        this.context = context;
        this.partition = partition;
        this.buffer = buffer;
        this.stop = stop;
        var shards = context.Shards.Count;
        claim = new LogClaim(context.Store, context.Source.Name, partition, shards, stop);
        files = new LogFiles(context, partition, stop) { Sights = sights };
        lateFiles = new LateFiles(context, files);
        Sender = new RangeSender(
            new RangeLedger(context.Source.Name, partition, claim.ReaderEpoch, claim.Stands, context.Settings.RangesInFlightMax, LogIntake.StretchRecordsMax, BesideEventsMin),
            context.Shards, context.Settings.ReadAheadBytesMax, context.Time, stop);
        intake = new LogIntake(context, partition, Sender, stop);
        watch = new EndWatch(context.Time);
    }

    public RangeSender Sender { get; }

    public LogNotes Notes => claim.Notes;

    public LogRecords Records => intake.Records;

    /// <summary>Files that the source's last look gave to this partition; set from outside.</summary>
    public void Tell(LogSights sights) => files.Sights = sights;

    /// <summary>Told of each thing that is lost, once.</summary>
    public Action<string>? Lost { get; init; }

    public long Generation => present?.Number ?? Notes.Last?.Number ?? 0;

    /// <summary>How long the present file is, as last looked at.</summary>
    public long Size { get; private set; }

    /// <summary>For how long nothing new came.</summary>
    public TimeSpan QuietFor => watch.QuietFor;

    /// <summary>Takes up where the shards stand.</summary>
    public void Begin()
    {
        var begin = Notes.BeginFor(claim.Stands);
        if (Notes.Jump is { } jump && claim.Stands.Min() < jump.Begin)
        {
            intake.Mark(jump);
        }

        if ((Notes.Numbered(begin.Generation) ?? Notes.After(begin.Generation)) is { } generation)
        {
            Enter(generation, Math.Max(begin.Position, generation.Start));
        }
    }

    /// <summary>Reads what is there, or looks what became of the file; how long to wait before the next step.</summary>
    public TimeSpan Step()
    {
        Sender.ForceNowAndThen();
        if (file is null)
        {
            return FindNext() ? TimeSpan.Zero : watch.Quiet();
        }

        if (present!.End <= file.Position)
        {
            Finish();
            return TimeSpan.Zero;
        }

        var chunk = file.Read(buffer, present.End ?? long.MaxValue);
        if (chunk.Changed)
        {
            Replaced();
            return TimeSpan.Zero;
        }

        if (!chunk.Added.IsEmpty)
        {
            watch.Grew();
            intake.Take(chunk, present.Number, file);
            return TimeSpan.Zero;
        }

        return AtEnd();
    }

    /// <summary>Stands still until somebody says to go on; in the row, so that a restart keeps it.</summary>
    public void Pause()
    {
        var reason = LogWords.Unreadable(context.Source, partition, Records.Window.Unreadable);
        Save(Notes with { Pause = new LogPause(reason, context.Time.GetUtcNow().UtcDateTime) });
    }

    public void Resume(bool skipUnreadable)
    {
        Records.Window.Restart(skipUnreadable);
        if (Notes.Pause is not null)
        {
            Save(Notes with { Pause = null });
        }
    }

    /// <summary>Puts the partition to rest if all of it is durable: nobody need look until the file changes.</summary>
    public bool TryRest()
    {
        Sender.Force();
        if (!Sender.Look(l => l.IsIdle && l.Committed == l.ReadUpTo))
        {
            return false;
        }

        if (file is not null)
        {
            var stat = file.Stat();
            if (stat.Size != file.Position)
            {
                return false;
            }

            Save(Notes with { Rest = new LogRest(stat.Size, stat.ModifiedNanoseconds) });
        }

        return true;
    }

    /// <summary>Reads the present file from another position; the next session begins there.</summary>
    public void Seek(Func<LogFile, long> to)
    {
        var last = Notes.Generations.LastOrDefault(g => g.File is not null)
            ?? throw new InvalidOperationException($"{partition} has no file yet");
        using var target = files.Find(last) ?? throw new InvalidOperationException($"the file of {partition} is gone");
        var position = to(target);

        // A shard goes to a sought position from wherever it stands: what was read before must not be left behind.
        if (!Sender.Drain(SeekPatience))
        {
            throw new InvalidOperationException($"what was read of {partition} is not durable yet ({Sender.Trouble ?? "it is on its way"}); ask again");
        }

        Save(Notes.Seek(position));
    }

    public void Dispose()
    {
        Sender.End();
        file?.Dispose();
        files.Dispose();
    }

    private TimeSpan AtEnd()
    {
        var isLast = present!.Number == Notes.Last!.Number;
        var sight = files.SightOf(file!, isLast, watch.Reached());
        Size = sight.Size;
        var isHeard = Notes.IsLate(present) && intake.Position > present.Start;
        switch (LogEnd.Judge(file!.Position, sight, isHeard ? TimeSpan.MaxValue : watch.Waited(sight), context.Grace))
        {
            case EndVerdict.Truncated:
                Replaced();
                break;
            case EndVerdict.Finished:
                Finish();
                break;
            case EndVerdict.Left:
                Leave();
                break;

            // Only the last one is broken off for a late file, and none that could not be found again.
            case EndVerdict.Wait when !(isLast && sight.HasName && FindLate()):
                return watch.Quiet();
        }

        return TimeSpan.Zero;
    }

    /// <summary>The present file holds other bytes now: the rest of what it held is looked for, and then what it holds now is read.</summary>
    private void Replaced()
    {
        var replaced = file!;
        var checks = new[] { (replaced.Position, replaced.TailCheck) };
        var copy = files.SearchContent(checks, replaced.Identity);
        var name = present!.Name;
        if (copy is not null && copy.TryTakeOver(replaced))
        {
            file = copy;
            var number = present.Number;
            Save(Notes.Carry(number, copy.Identity, files.NameOf(copy)).Follow(replaced.Identity, name));
            present = Notes.Numbered(number);
            replaced.Dispose();
            return;
        }

        copy?.Dispose();
        Lose(new RangePoint(present.Number, intake.Position), intake.Check, LogWords.Truncated, n => n.Follow(replaced.Identity, name));
    }

    private void Lose(RangePoint at, string? check, string why, Func<LogNotes, LogNotes> then)
    {
        // A shard passes a gap from wherever it stands: what was read before it must not be lost with it.
        if (!Sender.Drain(Timeout.InfiniteTimeSpan))
        {
            return;
        }

        var note = LogWords.Lost(partition, at, why);
        Save(then(Notes.Lose(at, check, note)));
        SourceMetrics.Gap(context.Source.Name);
        Lost?.Invoke(note);
        var gap = Notes.Generations.Last(g => g.Entry == GenerationEntry.Gap);
        intake.Mark(gap);
        Enter(gap, 0);
    }

    private void Finish()
    {
        var stretch = intake.Boundary(new RangePoint(present!.Number, file!.Position), file.TailCheck);

        // Nobody will end the last line any more: it is a record if it can be read as one.
        intake.TakeUnfinished(present.Number, stretch);
        End(stretch);
    }

    /// <summary>Its writer has not let go of it: the line that it may be in the midst of is left for the next time.</summary>
    private void Leave() => End(intake.Boundary(new RangePoint(present!.Number, intake.Position), intake.Check));

    private void End(LogStretch stretch)
    {
        var (number, end) = (stretch.UpTo.Generation, stretch.UpTo.Position);
        var now = LogRest.Of(file!.Stat());
        var notes = Notes.Close(number, end, stretch.Check, now.Position == end ? now : null);
        if (notes.After(number) is null && files.NameNow() is { } successor && !notes.Knows(successor))
        {
            notes = notes.Follow(successor, partition);
        }

        Save(notes);
        Sender.Offer(stretch);
        files.Finished(file);
        file = null;
        Advance(number);
    }

    private void Advance(long after)
    {
        present = null;
        if (Notes.After(after) is { } next)
        {
            Enter(next, next.Start);
        }
    }

    private void Enter(LogGeneration generation, long position)
    {
        file?.Dispose();
        file = null;
        present = generation;
        watch.Restart();
        intake.Restart(position, null);
        if (generation.File is null || generation.End <= position)
        {
            // Nothing of it is missing anywhere; whoever stands before it was told with its mark, or is told now. An end before
            // the start was once noted by mistake: what follows it proves itself by its own check.
            if (generation.File is not null)
            {
                Sender.Offer(intake.Boundary(new RangePoint(generation.Number, position), null));
            }

            Advance(generation.Number);
            return;
        }

        var checks = claim.ChecksOf(generation);
        file = files.Search(() => files.Find(generation)) is { } found ? Verified(found, generation, position, checks) : Elsewhere(generation, position, checks);
        if (file is not null && Notes.Numbered(present!.Number) is { File: not null } noted)
        {
            // Where it lies now, so that the next look at the directory finds it there.
            Save((noted.Name == files.NameOf(file) ? Notes : Notes.Carry(noted.Number, file.Identity, files.NameOf(file))) with { Rest = null });
            intake.Restart(file.Position, file.TailCheck);
        }
    }

    private LogFile? Verified(LogFile found, LogGeneration generation, long position, List<(long, string)> checks)
    {
        if (LogSearch.Holds(found, checks) && found.TrySeek(position))
        {
            Size = found.Stat().Size;
            return found;
        }

        // The same inode with other content: copied and truncated while nobody looked.
        var identity = found.Identity;
        found.Dispose();
        return Elsewhere(generation, position, checks, n => n.Generations.Any(g => g.Number > generation.Number && g.File == identity)
            ? n
            : n.Follow(identity, generation.Name));
    }

    private LogFile? Elsewhere(LogGeneration generation, long position, List<(long, string)> checks, Func<LogNotes, LogNotes>? then = null)
    {
        then ??= n => n;
        var copy = files.SearchContent(checks, generation.File);
        if (copy is not null && copy.TrySeek(position))
        {
            Save(then(Notes.Carry(generation.Number, copy.Identity, files.NameOf(copy))));
            present = Notes.Numbered(generation.Number);
            return copy;
        }

        copy?.Dispose();
        if (Notes.Rest is { } rest && rest.Position == position && files.Sights.LastOf(generation) is { } last && rest == LogRest.Of(last))
        {
            // It is gone, and a moment ago it held nothing but what had been read.
            Save(then(Notes.Close(generation.Number, position)));
            Sender.Offer(intake.Boundary(new RangePoint(generation.Number, position), null));
            Advance(generation.Number);
            return file;
        }

        files.RefuseUnseen(generation);
        Lose(new RangePoint(generation.Number, position), checks.Find(c => c.Item1 == position).Item2, "its file is gone or was written anew while nobody looked, and no copy of it is in its directory", then);
        return file;
    }

    private bool FindNext()
    {
        if (FindLate())
        {
            return true;
        }

        var last = Notes.Last?.Number ?? 0;
        if (files.FindNew(Notes) is not { } found)
        {
            return false;
        }

        Save(Notes.Follow(found.File, found.Name));
        Advance(last);
        return true;
    }

    /// <summary>A finished file may have more to read after all, now or after what is being read.</summary>
    private bool FindLate()
    {
        var (committed, durable) = Sender.Look(l => (l.Committed, l.Durable));
        var read = file is null ? (PresentRead?)null : new PresentRead(present!, file, intake.Position, durable);
        if (!Notes.HasRoomForLate(committed.Generation) || lateFiles.Find(Notes, read) is not { } late)
        {
            return false;
        }

        if (late.Start is null)
        {
            Save(Notes.Settle(late.Known.Number, late.Now));
            return false;
        }

        var last = Notes.Last!.Number;
        if (file is null)
        {
            Save(Notes.FollowLate(late));
            Advance(last);
            return true;
        }

        Save(Notes.Late(late, present!, intake.Position, intake.Check));
        Sender.Offer(intake.Boundary(new RangePoint(present!.Number, intake.Position), intake.Check));
        Advance(last);
        return true;
    }

    private void Save(LogNotes notes) => claim.Save(notes, Sender.Look(l => l.Committed));
}
