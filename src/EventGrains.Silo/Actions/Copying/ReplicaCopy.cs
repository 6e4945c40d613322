using System.Buffers;
using System.Diagnostics.Metrics;
using EventGrains.Contracts;
using EventGrains.Contracts.Actions;
using EventGrains.Contracts.Shards;
using EventGrains.Events;
using EventGrains.Files;
using EventGrains.Silo.Posix;

namespace EventGrains.Silo.Actions.Copying;

/// <summary>One attempt to copy one file to a replica storage: whole and verified under its name, or not there at all.</summary>
/// <remarks>
/// May be repeated at any point of an earlier attempt. A lost claim or a crash leaves the part file, whose bytes the next attempt keeps as
/// far as they equal the source's; success and failure leave none. Runs on a thread of its own, where it may block.
/// <para>A path in a replica storage is the copy of one file, the one that its alias names. A target of the same content is success and
/// becomes this file's copy; of other content it is replaced only where it is an older copy of this file or what a deleted file left
/// (<see cref="CopyCollision"/>). A file whose copy goes to another one is told that it is removed, before anybody can say so no more.</para>
/// </remarks>
internal sealed class ReplicaCopy(CopyOrder order, ICopyLedger ledger, TimeProvider time)
{
    /// <summary>How much is copied between two looks at the claim.</summary>
    public const int ChunkBytes = 1 << 20;

    // A copy that its owner could not write could not be resumed by an attempt that comes after a crash.
    private const uint OwnerReadsAndWrites = 0x180;

    private static readonly Counter<long> CopiedBytes = Telemetry.Meter.CreateCounter<long>(
        "eventgrains_copied_bytes_total", description: "Bytes written into copies; bytes kept from an earlier attempt are not counted.");

    /// <exception cref="OperationCanceledException">The claim was lost; nothing was published by this attempt from then on.</exception>
    public Task<StepOutcome> Run(CancellationToken lost) =>
        Task.Factory.StartNew(() => Attempt(lost), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private StepOutcome Attempt(CancellationToken lost)
    {
        try
        {
            return Copy(lost);
        }
        catch (StepFailedException failed)
        {
            return failed.Outcome;
        }
        catch (PosixException full) when (full.IsFull)
        {
            return new StepOutcome(false, $"{order.TargetStorage} is full ({full.Message}); make room there, it is tried again");
        }
        catch (PosixException failed)
        {
            return new StepOutcome(false, $"{failed.Message} (from {order.Source} to {order.TargetStorage}:{order.Target}); it is tried again");
        }
    }

    private StepOutcome Copy(CancellationToken lost)
    {
        using var source = OpenSource();
        using var directory = TargetDirectory.Open(order.TargetRoot, order.Target);
        using var part = directory.OwnPart(order.PartName);
        try
        {
            using var existing = directory.OpenTarget();
            var owner = FindAlias(order.Target.Value, lost);
            return existing is null
                ? CopyToFreeName(source, directory, part, owner, lost)
                : CopyOver(existing, source, directory, part, owner, lost);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            part.TryRemove();
            throw;
        }
    }

    private StepOutcome CopyToFreeName(SourceFile source, TargetDirectory directory, PartFile part, CopyAlias? owner, CancellationToken lost)
    {
        var copied = Fill(part, source, lost);

        // The alias first: whoever sees the name must be able to learn whose copy it is. The claim last, right before what cannot be undone.
        TakeFrom(owner, directory.ChangedAt, lost);
        Wait(ledger.SaveAlias(Alias(copied)), lost);
        source.RequireUnchanged();
        RequireClaim(lost);
        return Succeeded(copied, directory.Publish(part, replaced: null));
    }

    private StepOutcome CopyOver(
        OpenFile existing, SourceFile source, TargetDirectory directory, PartFile part, CopyAlias? owner, CancellationToken lost)
    {
        var found = existing.Status();
        RequireKnownClock(found);

        // An attempt may have ended between its rename and its word of it: that word is kept under the part's name.
        var unfinished = FindAlias(order.PartPath, lost);
        if (IsOthers(owner) && !existing.TryShareLock())
        {
            throw StepFailedException.Busy($"the target {order.Target} is just being published as the copy of {owner!.File}");
        }

        var there = ContentStamp.Of(existing, found.Size, lost);
        var here = ContentStamp.Of(source.File, source.Size, lost);
        source.RequireUnchanged();
        RequireAsKnown(here);
        if (here == there)
        {
            CopyCollision.CheckSame(order, there, owner, unfinished, file => Wait(ledger.Find(file), lost));

            // The attempt that published it may have ended before it was durable.
            directory.SyncTarget(existing);
            TakeFrom(owner, Later(directory.ChangedAt, found.ChangedAt), lost);
            Wait(ledger.SaveAlias(Alias(here)), lost);
            part.TryRemove();
            return Succeeded(here, found.ChangedAt);
        }

        CopyCollision.Check(order, here, there, owner, unfinished, file => Wait(ledger.Find(file), lost));
        var copied = Fill(part, source, lost);

        // The path's alias tells of what is there, so that an attempt that ends here does not make what is there nobody's.
        Wait(ledger.SaveAlias(Alias(copied) with { Path = order.PartPath }), lost);
        source.RequireUnchanged();
        RequireClaim(lost);
        var publishedAt = directory.Publish(part, found);
        TakeFrom(owner, publishedAt, lost);
        Wait(ledger.SaveAlias(Alias(copied)), lost);
        return Succeeded(copied, publishedAt);
    }

    /// <summary>Before an alias changes hands the file that had it is told, for from then on nobody can speak for it.</summary>
    private void TakeFrom(CopyAlias? owner, DateTime removedAt, CancellationToken lost)
    {
        if (IsOthers(owner))
        {
            RequireClaim(lost);
            Wait(ledger.SayRemoved(owner!, removedAt), lost);
        }
    }

    private bool IsOthers(CopyAlias? owner) => owner is not null && owner.File != order.File;

    private CopyAlias? FindAlias(string path, CancellationToken lost)
    {
        var alias = Wait(ledger.FindAlias(order.TargetStorage, path), lost);
        return alias is null || !Alias(default).IsOlderThan(alias) ? alias : throw GrainCopyLedger.Superseded(Alias(default));
    }

    private SourceFile OpenSource()
    {
        try
        {
            return SourceFile.Open(order.SourceRoot, order.Source);
        }
        catch (StepFailedException)
        {
            RemoveLeftPart();
            throw;
        }
    }

    // Without a source perhaps no attempt follows that would find what a crash left.
    private void RemoveLeftPart()
    {
        try
        {
            using var directory = TargetDirectory.OpenExisting(order.TargetRoot, order.Target);
            using var part = directory?.OwnPart(order.PartName);
            part?.TryRemove();
        }
        catch (Exception away) when (away is StepFailedException or PosixException)
        {
            // What is wrong with the source is the failure to tell.
        }
    }

    /// <summary>Brings the part to the source's content, durably and read back; bytes that an earlier attempt wrote are kept up to the first difference.</summary>
    private ContentStamp Fill(PartFile part, SourceFile source, CancellationToken lost)
    {
        var hash = new ContentHash();
        var kept = part.File.Status().Size;
        var chunk = ArrayPool<byte>.Shared.Rent(2 * ChunkBytes);
        try
        {
            for (long at = 0; at < source.Size;)
            {
                lost.ThrowIfCancellationRequested();
                var bytes = chunk.AsSpan(0, source.File.Read(chunk.AsSpan(0, (int)Math.Min(ChunkBytes, source.Size - at)), at));
                if (bytes.IsEmpty)
                {
                    break;
                }

                hash.Append(bytes);
                if (at + bytes.Length > kept || !IsSame(part.File, bytes, chunk.AsSpan(ChunkBytes, bytes.Length), at))
                {
                    kept = at;
                    part.File.Write(bytes, at);
                    CopiedBytes.Add(bytes.Length);
                }

                at += bytes.Length;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }

        source.RequireUnchanged();
        RequireAsKnown(hash.Stamp);
        Verify(part, source, hash.Stamp, lost);
        return hash.Stamp;
    }

    private static bool IsSame(OpenFile part, ReadOnlySpan<byte> bytes, Span<byte> buffer, long at) =>
        buffer[..part.Read(buffer, at)].SequenceEqual(bytes);

    private void Verify(PartFile part, SourceFile source, ContentStamp copied, CancellationToken lost)
    {
        part.File.Truncate(copied.Size);
        part.File.ChangeMode(source.Status.Permissions | OwnerReadsAndWrites);
        part.File.SetModified(source.Status.Modified);
        part.File.Sync();
        part.File.ForgetCached();
        RequireKnownClock(part.File.Status());
        var written = ContentStamp.Of(part.File, copied.Size, lost);
        if (written != copied)
        {
            throw new StepFailedException(
                $"the copy at {order.TargetStorage}:{order.Target} reads back as {written} where the source has {copied}; the target's disk may be failing, it is copied again");
        }
    }

    // A source that rotted, or that was written again before its event came, must not be spread as a good copy.
    private void RequireAsKnown(ContentStamp content)
    {
        if (order.Known.Size.Bytes is { } size && size != content.Size)
        {
            throw new StepFailedException($"source changed: {order.Source} has {content.Size} bytes where events told {size}; its next event decides what follows");
        }

        var told = order.Known.Checksums.Where(c => c.Algorithm == Adler32.Algorithm).ToList();
        if (told.Count > 0 && !told.Contains(content.Adler32))
        {
            throw new StepFailedException(
                $"the source {order.Source} has {content.Adler32} where events told {string.Join(", ", told)}; it is damaged or was written again, so it is not copied");
        }
    }

    // A date far ahead would freeze the copy's register: nothing said after the clock is put right would count.
    private void RequireKnownClock(in FileStat status)
    {
        if (status.ChangedAt > time.GetUtcNow().UtcDateTime + DecodeContext.DateAheadMax)
        {
            throw new StepFailedException($"{order.TargetStorage} dates its files {status.ChangedAt:u}, more than a day ahead; put the clock of its file system right, it is tried again");
        }
    }

    private void RequireClaim(CancellationToken lost)
    {
        lost.ThrowIfCancellationRequested();
        if (!Wait(ledger.IsStillClaimed(), lost))
        {
            throw new OperationCanceledException("the claim is lost; another attempt may run");
        }
    }

    private StepOutcome Succeeded(ContentStamp copied, DateTime changedAt)
    {
        var alias = Alias(copied);
        return new StepOutcome(true, Says: new FileFacts
        {
            Incarnation = order.Incarnation,
            Replicas = CopyStatement.Present(alias, CopyStatement.After(changedAt, alias, order.Known)).Replicas,
            Checksums = [copied.Adler32],
        });
    }

    private CopyAlias Alias(ContentStamp content) => new(order.TargetStorage, order.Target.Value, order.File, order.Incarnation, content.Adler32);

    private static DateTime Later(DateTime a, DateTime b) => a >= b ? a : b;

    // This thread is the attempt's own, so waiting here holds nothing up.
    private static T Wait<T>(Task<T> call, CancellationToken lost) => call.WaitAsync(lost).GetAwaiter().GetResult();

    private static void Wait(Task call, CancellationToken lost) => call.WaitAsync(lost).GetAwaiter().GetResult();
}
