using EventGrains.Silo.Posix;

namespace EventGrains.Silo.Actions.Copying;

/// <summary>The directory that a copy is published in, open; reached from the storage's root without following any link.</summary>
internal sealed class TargetDirectory : IDisposable
{
    // A file system without fine time stamps counts in ticks of up to 10 ms; one that counts in seconds is not waited for.
    private const int TouchesMax = 50;

    private readonly OpenFile directory;
    private readonly StoragePath path;

    private TargetDirectory(OpenFile directory, StoragePath path)
    {
        this.directory = directory;
        this.path = path;
    }

    private string Leaf => path.Parts[^1];

    /// <summary>Opens the directory of <paramref name="path"/>, and creates it durably where it is missing.</summary>
    public static TargetDirectory Open(string root, StoragePath path) => new(Walk(root, path, create: true)!, path);

    /// <summary>Null when there is no such directory.</summary>
    public static TargetDirectory? OpenExisting(string root, StoragePath path) =>
        Walk(root, path, create: false) is { } directory ? new TargetDirectory(directory, path) : null;

    /// <summary>By the clock of the file system: when a name in it last came or went.</summary>
    public DateTime ChangedAt => directory.Status().ChangedAt;

    public PartFile OwnPart(string name) => PartFile.Own(directory, name);

    /// <summary>What already has the target's name, open; null when nothing has.</summary>
    public OpenFile? OpenTarget()
    {
        OpenFile target;
        try
        {
            target = directory.OpenAt(Leaf, OpenMode.Read);
        }
        catch (PosixException missing) when (missing.Error == SystemCalls.NotFound)
        {
            return null;
        }
        catch (PosixException link) when (link.Error == SystemCalls.TooManySymlinks)
        {
            throw new StepFailedException($"the target {path} is a symbolic link, which is never written through; remove it", final: true, link);
        }
        catch (PosixException tooLong) when (tooLong.Error == SystemCalls.NameTooLong)
        {
            throw TooLong(path, tooLong);
        }

        if (target.Status().IsRegularFile)
        {
            return target;
        }

        target.Dispose();
        throw new StepFailedException($"the target {path} exists and is not a regular file; remove it or choose another path", final: true);
    }

    /// <summary>Makes a target durable that is there already.</summary>
    public void SyncTarget(OpenFile target)
    {
        target.Sync();
        directory.Sync();
    }

    /// <summary>Gives a whole copy its name, durably; when that was, by the clock of the file system.</summary>
    /// <param name="replaced">What the name must lead to now; null when it must be free. A name that somebody else took is not touched.</param>
    public DateTime Publish(PartFile part, FileStat? replaced)
    {
        if (replaced is { } expected)
        {
            if (directory.StatusAt(Leaf) != expected)
            {
                throw TakenMeanwhile();
            }

            directory.ReplaceAt(part.Name, Leaf);
        }
        else
        {
            try
            {
                directory.RenameAt(part.Name, Leaf);
            }
            catch (PosixException taken) when (taken.Error == SystemCalls.Exists)
            {
                throw TakenMeanwhile();
            }
        }

        var publishedAt = LaterThanTheDirectory(part.File);

        // Readers that ask for a lock of their own must not find the copy locked while the disk works.
        part.HasItsName();
        directory.Sync();
        return publishedAt;
    }

    public void Dispose() => directory.Dispose();

    // Whoever missed the name before timed that by the directory, and of two statements of one time the removal holds.
    private DateTime LaterThanTheDirectory(OpenFile copy)
    {
        var directoryAt = ChangedAt;
        var status = copy.Status();
        for (var touch = 1; status.ChangedAt <= directoryAt && touch <= TouchesMax; touch++)
        {
            if (touch > 1)
            {
                Thread.Sleep(1);
            }

            copy.SetModified(status.Modified);
            status = copy.Status();
        }

        return status.ChangedAt;
    }

    private StepFailedException TakenMeanwhile() => new($"the target {path} was written by somebody else while it was copied; it is looked at again");

    private static OpenFile? Walk(string root, StoragePath path, bool create)
    {
        var directory = StorageRoot.Open(root);
        try
        {
            foreach (var name in path.Parts.SkipLast(1))
            {
                var next = Enter(directory, name, path, create);
                directory.Dispose();
                if (next is null)
                {
                    return null;
                }

                directory = next;
            }

            return directory;
        }
        catch
        {
            directory.Dispose();
            throw;
        }
    }

    private static OpenFile? Enter(OpenFile parent, string name, StoragePath path, bool create)
    {
        try
        {
            return parent.OpenAt(name, OpenMode.Directory);
        }
        catch (PosixException missing) when (missing.Error == SystemCalls.NotFound)
        {
            if (!create)
            {
                return null;
            }

            if (parent.MakeDirectoryAt(name))
            {
                parent.Sync();
            }

            return Enter(parent, name, path, create: false);
        }
        catch (PosixException tooLong) when (tooLong.Error == SystemCalls.NameTooLong)
        {
            throw TooLong(path, tooLong);
        }
        catch (PosixException wrong) when (wrong.Error is SystemCalls.NotADirectory or SystemCalls.TooManySymlinks)
        {
            throw new StepFailedException(
                $"'{PosixText.Show(name)}' in the target {path} is not a directory (a symbolic link is never followed); remove it or choose another path",
                final: true,
                wrong);
        }
    }

    private static StepFailedException TooLong(StoragePath path, PosixException tooLong) =>
        new($"the target {path} has a name too long for its file system; shorten the rule's path", final: true, tooLong);
}
