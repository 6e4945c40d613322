using System.Buffers;
using System.Diagnostics.Metrics;
using EventGrains.Contracts;
using EventGrains.Contracts.Actions;
using EventGrains.Contracts.Shards;
using EventGrains.Files;
using EventGrains.Silo.Actions.Posix;

namespace EventGrains.Silo.Actions.Copying;

/// <summary>One attempt to copy one file to a replica storage: whole and verified under its name, or not there at all.</summary>
/// <remarks>
/// May be repeated at any point of an earlier attempt. A lost claim or a crash leaves the part file, whose bytes the next attempt keeps as
/// far as they equal the source's; success and failure leave none. Runs on a thread of its own, where it may block.
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
    private CopyAlias? takenOver;

    public Task<StepOutcome> Run(CancellationToken lost) =>
        Task.Factory.StartNew(() => Attempt(lost), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private StepOutcome Attempt(CancellationToken lost)
    {
        try
        {
            return Succeeded(Copy(lost));
        }
        catch (StepFailedException failed)
        {
            return new StepOutcome(false, failed.Message, failed.Final);
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

    private ContentStamp Copy(CancellationToken lost)
    {
        using var source = OpenSource();
        using var directory = TargetDirectory.Open(order.TargetRoot, order.Target);
        using var part = directory.OwnPart(order.PartName);
        try
        {
            using var existing = directory.OpenTarget();
            var replaced = existing?.Status().Identity;
            if (existing is not null && FindSame(source, existing, lost) is { } same)
            {
                // The attempt that published it may have ended before it was durable.
                directory.SyncTarget(existing);
                Wait(ledger.SaveAlias(Alias(same)), lost);
                part.Remove();
                return same;
            }

            var copied = Fill(part, source, lost);
            RequireAsKnown(copied);
            Verify(part, source, copied, lost);

            // Before the alias changes hands: from then on nobody can speak for the file that had it.
            if (takenOver is not null)
            {
                Wait(ledger.SayRemoved(takenOver, time.GetUtcNow().UtcDateTime), lost);
            }

            // The alias first: whoever sees the name must be able to learn whose copy it is. The claim last, right before what cannot be undone.
            Wait(ledger.SaveAlias(Alias(copied)), lost);
            source.RequireUnchanged();
            RequireClaim(lost);
            directory.Publish(part, replaced);
            return copied;
        }
        catch (Exception failure) when (failure is StepFailedException or PosixException)
        {
            part.Remove();
            throw;
        }
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
            part?.Remove();
        }
        catch (Exception away) when (away is StepFailedException or PosixException)
        {
            // What is wrong with the source is the failure to tell.
        }
    }

    /// <summary>The content that both have; null when the target is an older copy of this file, or one that a deleted file left, and may be replaced.</summary>
    private ContentStamp? FindSame(SourceFile source, PosixFile existing, CancellationToken lost)
    {
        var there = HashOf(existing, existing.Status().Identity.Size, lost);
        var here = HashOf(source.File, source.Size, lost);
        source.RequireUnchanged();
        RequireAsKnown(here);
        if (here == there)
        {
            return here;
        }

        var alias = Wait(ledger.FindAlias(order.TargetStorage, order.Target.Value), lost);
        var isOurs = alias is not null && alias.Checksum == there.Adler32;
        if (isOurs && (alias!.File == order.File || Wait(ledger.IsDeleted(alias.File), lost)))
        {
            takenOver = alias.File == order.File ? null : alias;
            return null;
        }

        // Of a file that is still there the next look may find it deleted: editors save by renaming a new file over the old one.
        throw new StepFailedException(
            $"the target {order.TargetStorage}:{order.Target} exists with other content ({there}; the source has {here}) and is "
            + (isOurs ? $"the copy of {alias!.File}, which is not deleted" : "no older copy of this file")
            + "; remove it, or choose another path in the rule",
            final: !isOurs);
    }

    /// <summary>Brings the part to the source's content; bytes that an earlier attempt wrote are compared, and kept up to the first difference.</summary>
    private static ContentStamp Fill(PartFile part, SourceFile source, CancellationToken lost)
    {
        var hash = new ContentHash();
        var kept = part.File.Status().Identity.Size;
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
        return hash.Stamp;
    }

    private static bool IsSame(PosixFile part, ReadOnlySpan<byte> bytes, Span<byte> buffer, long at) =>
        buffer[..part.Read(buffer, at)].SequenceEqual(bytes);

    /// <summary>Makes the part durable and reads it back.</summary>
    private void Verify(PartFile part, SourceFile source, ContentStamp copied, CancellationToken lost)
    {
        part.File.Truncate(copied.Size);
        part.File.ChangeMode(source.Status.Permissions | OwnerReadsAndWrites);
        part.File.SetModified(source.Status.Identity.Modified);
        part.File.Sync();
        part.File.ForgetCached();
        var written = HashOf(part.File, copied.Size, lost);
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

    private void RequireClaim(CancellationToken lost)
    {
        lost.ThrowIfCancellationRequested();
        if (!Wait(ledger.IsStillClaimed(), lost))
        {
            throw new OperationCanceledException("the claim is lost; another attempt may run");
        }
    }

    private StepOutcome Succeeded(ContentStamp copied) => new(true, Says: new FileFacts
    {
        Incarnation = order.Incarnation,
        Replicas = [new Replica(order.TargetStorage, null, order.Target.Value, time.GetUtcNow().UtcDateTime, ReplicaState.Present, copied.Adler32)],
        Checksums = [copied.Adler32],
    });

    private CopyAlias Alias(ContentStamp content) => new(order.TargetStorage, order.Target.Value, order.File, order.Incarnation, content.Adler32);

    private static ContentStamp HashOf(PosixFile file, long size, CancellationToken lost)
    {
        var hash = new ContentHash();
        var chunk = ArrayPool<byte>.Shared.Rent(ChunkBytes);
        try
        {
            for (long at = 0; at < size;)
            {
                lost.ThrowIfCancellationRequested();
                var read = file.Read(chunk.AsSpan(0, (int)Math.Min(ChunkBytes, size - at)), at);
                if (read == 0)
                {
                    break;
                }

                hash.Append(chunk.AsSpan(0, read));
                at += read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }

        return hash.Stamp;
    }

    // This thread is the attempt's own, so waiting here holds nothing up.
    private static T Wait<T>(Task<T> call, CancellationToken lost) => call.WaitAsync(lost).GetAwaiter().GetResult();

    private static void Wait(Task call, CancellationToken lost) => call.WaitAsync(lost).GetAwaiter().GetResult();
}
