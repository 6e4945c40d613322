using System.Buffers;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using EventGrains.Silo.Posix;

namespace EventGrains.Silo.Actions.Copying;

/// <summary>A copy that has not got its name yet, locked by one attempt; a crash or a lost claim leaves it for the next one.</summary>
internal sealed class PartFile : IDisposable
{
    private const int OpeningsMax = 10;
    private const int HashDigits = 32;

    private static readonly SearchValues<char> HashLetters = SearchValues.Create("0123456789abcdef");

    private readonly OpenFile directory;
    private bool isOwned = true;

    private PartFile(OpenFile directory, OpenFile file, string name)
    {
        this.directory = directory;
        File = file;
        Name = name;
    }

    public OpenFile File { get; }

    public string Name { get; }

    public static string NameOf(string storage, StoragePath target) =>
        $".{XxHash128.HashToUInt128(MemoryMarshal.AsBytes($"{storage}\0{target.Value}".AsSpan())):x32}{StoragePath.PartSuffix}";

    /// <summary>Whether a name is one that <see cref="NameOf"/> makes, and nobody else by chance.</summary>
    public static bool IsName(string name) =>
        name.Length == 1 + HashDigits + StoragePath.PartSuffix.Length
        && name[0] == '.'
        && name.EndsWith(StoragePath.PartSuffix, StringComparison.Ordinal)
        && name.AsSpan(1, HashDigits).IndexOfAnyExcept(HashLetters) < 0;

    /// <summary>Removes a part that has not changed since then and that nobody owns; its length, or null when it is not such a one.</summary>
    public static long? TryRemoveLeft(OpenFile directory, string name, DateTime unchangedSince)
    {
        if (directory.StatusAt(name) is not { IsRegularFile: true })
        {
            return null;
        }

        using var file = directory.OpenAt(name, OpenMode.ReadWrite);
        if (!file.TryLock())
        {
            return null;
        }

        // Asked under the lock: until then its owner may have written it, or given it its name and made another one.
        var status = file.Status();
        var isLeft = status.IsRegularFile && status.ChangedAt < unchangedSince && directory.StatusAt(name)?.Identity == status.Identity;
        if (isLeft)
        {
            directory.RemoveAt(name);
        }

        file.Unlock();
        return isLeft ? status.Size : null;
    }

    /// <exception cref="StepFailedException">Busy: another attempt owns it.</exception>
    public static PartFile Own(OpenFile directory, string name)
    {
        // The name may be removed, or renamed to the target, between opening and locking: then the lock is on a file that is no part any more.
        for (var opening = 1; opening <= OpeningsMax; opening++)
        {
            var file = directory.OpenAt(name, OpenMode.ReadWriteCreate, permissions: 0x180);
            try
            {
                if (!file.TryLock())
                {
                    break;
                }

                var status = file.Status();
                if (!status.IsRegularFile)
                {
                    throw new StepFailedException($"{name} beside the target is not a regular file; remove it", final: true);
                }

                if (directory.StatusAt(name)?.Identity == status.Identity)
                {
                    // A second name means that publishing by link was cut off between its two calls; the other name is the target's, not to be written to.
                    if (status.Links == 1)
                    {
                        var owned = new PartFile(directory, file, name);
                        file = null;
                        return owned;
                    }

                    directory.RemoveAt(name);
                }
            }
            finally
            {
                file?.Dispose();
            }
        }

        throw StepFailedException.Busy($"another attempt is writing {name} beside the target");
    }

    /// <summary>It has got its name: from now on a file of the part's name is another attempt's.</summary>
    public void HasItsName()
    {
        isOwned = false;
        File.Unlock();
    }

    /// <summary>Removes what is still a part. What cannot be removed is left to <see cref="PartSweep"/>: the attempt's own end is what to tell.</summary>
    public void TryRemove()
    {
        if (!isOwned)
        {
            return;
        }

        try
        {
            directory.RemoveAt(Name);
            isOwned = false;
        }
        catch (PosixException)
        {
        }
    }

    public void Dispose()
    {
        if (isOwned)
        {
            File.Unlock();
        }

        File.Dispose();
    }
}
