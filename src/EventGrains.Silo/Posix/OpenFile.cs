using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace EventGrains.Silo.Posix;

/// <summary>An open file, directory or end of a pipe. Never inherited by a child unless handed over. Failures are <see cref="PosixException"/>s.</summary>
internal sealed unsafe class OpenFile : SafeHandleMinusOneIsInvalid
{
    private const int LockExclusivelyNow = 2 | 4;
    private const int LockSharedNow = 1 | 4;
    private const int GiveLockBack = 8;
    private const uint NoReplace = 1;
    private const long LeaveTime = 0x3FFFFFFE;
    private const int DoNotNeed = 4;

    private OpenFile(int file)
        : base(ownsHandle: true) => SetHandle(file);

    /// <summary>Opens by path, following links: for roots that an administrator named.</summary>
    public static OpenFile Open(string path, OpenMode mode) => Open(SystemCalls.WorkingDirectory, path, mode, permissions: 0);

    public static (OpenFile Read, OpenFile Write) OpenPipe()
    {
        var ends = stackalloc int[2];
        return SystemCalls.Pipe(ends, OpenFlags.CloseOnExec) == 0
            ? (new OpenFile(ends[0]), new OpenFile(ends[1]))
            : throw PosixException.OfLastCall("cannot open a pipe");
    }

    /// <summary>Opens beneath this directory.</summary>
    public OpenFile OpenAt(string name, OpenMode mode, uint permissions = 0) => Open((int)handle, name, mode, permissions);

    public int Descriptor => (int)handle;

    public FileStat Status() =>
        TryStat("", SystemCalls.EmptyPath | SystemCalls.AskTheServer, out var stat, out var error) ? stat : throw new PosixException("cannot stat an open file", error);

    /// <summary>The status of a name in this directory, without following a link; null when there is no such name.</summary>
    public FileStat? StatusAt(string name) =>
        TryStat(name, SystemCalls.NoFollow, out var stat, out var error) ? stat
        : error == SystemCalls.NotFound ? null
        : throw new PosixException($"cannot stat {PosixText.Show(name)}", error);

    /// <summary>Reads at an offset; less than asked only at the end of the file.</summary>
    public int Read(Span<byte> into, long offset)
    {
        var read = 0;
        while (read < into.Length)
        {
            fixed (byte* at = into[read..])
            {
                var count = SystemCalls.ReadAt(this, at, into.Length - read, offset + read);
                if (count == 0)
                {
                    break;
                }

                read += count > 0 ? (int)count : Retry("cannot read");
            }
        }

        return read;
    }

    public void Write(ReadOnlySpan<byte> bytes, long offset)
    {
        for (var written = 0; written < bytes.Length;)
        {
            fixed (byte* at = bytes[written..])
            {
                var count = SystemCalls.WriteAt(this, at, bytes.Length - written, offset + written);
                written += count >= 0 ? (int)count : Retry("cannot write");
            }
        }
    }

    /// <summary>Of a pipe: what is there, waiting up to the given time; null when nothing came, 0 at the end.</summary>
    public int? ReadNext(Span<byte> into, int waitMilliseconds)
    {
        var entry = new SystemCalls.PollEntry { File = Descriptor, Asked = SystemCalls.PollIn };
        if (SystemCalls.Poll(&entry, 1, waitMilliseconds) <= 0)
        {
            return null;
        }

        fixed (byte* at = into)
        {
            var count = SystemCalls.Read(this, at, into.Length);
            if (count >= 0)
            {
                return (int)count;
            }

            Retry("cannot read from a pipe");
            return null;
        }
    }

    /// <summary>Into a pipe, whole: the text must be shorter than what a pipe takes at once (4 KiB).</summary>
    public void WriteNext(string ascii)
    {
        var bytes = Encoding.ASCII.GetBytes(ascii);
        fixed (byte* at = bytes)
        {
            while (SystemCalls.Write(this, at, bytes.Length) < 0)
            {
                Retry("cannot write into a pipe");
            }
        }
    }

    public void Sync() => Check(SystemCalls.Sync(this), "cannot make a write durable");

    public void Truncate(long length) => Check(SystemCalls.Truncate(this, length), "cannot cut a file");

    public void ChangeMode(uint permissions) => Check(SystemCalls.ChangeMode(this, permissions), "cannot set permissions");

    public void SetModified(PosixTime modified)
    {
        var times = stackalloc PosixTime[] { new PosixTime(0, LeaveTime), modified };
        Check(SystemCalls.SetTimes(this, times), "cannot set the modification time");
    }

    /// <summary>Drops what the page cache holds of this file, so that the next read asks the device. A wish; not an error when refused.</summary>
    public void ForgetCached() => _ = SystemCalls.Advise(this, 0, 0, DoNotNeed);

    /// <summary>Takes the file's lock; false when another open file holds it. Released when this one is closed, also by a crash.</summary>
    public bool TryLock() => TryLock(LockExclusivelyNow);

    /// <summary>Takes the lock beside others who share it; false when somebody holds it alone.</summary>
    public bool TryShareLock() => TryLock(LockSharedNow);

    /// <summary>Gives the lock back. Closing alone may come late: a child that is just being forked holds all open files for a moment.</summary>
    public void Unlock() => Check(SystemCalls.Lock(this, GiveLockBack), "cannot unlock a file");

    /// <summary>False when there is one already.</summary>
    public bool MakeDirectoryAt(string name)
    {
        if (SystemCalls.MakeDirectory(this, PosixText.Encode(name), 0x1FF) == 0)
        {
            return true;
        }

        return Marshal.GetLastPInvokeError() == SystemCalls.Exists ? false : throw PosixException.OfLastCall($"cannot create the directory {PosixText.Show(name)}");
    }

    /// <summary>Removes a name; one that is not there is no error.</summary>
    public void RemoveAt(string name)
    {
        if (SystemCalls.Unlink(this, PosixText.Encode(name), 0) != 0 && Marshal.GetLastPInvokeError() != SystemCalls.NotFound)
        {
            throw PosixException.OfLastCall($"cannot remove {PosixText.Show(name)}");
        }
    }

    /// <summary>Renames within this directory, over what has the new name.</summary>
    public void ReplaceAt(string from, string to) =>
        Check(SystemCalls.Rename(this, PosixText.Encode(from), this, PosixText.Encode(to), 0), $"cannot rename to {PosixText.Show(to)}");

    /// <summary>Renames within this directory; fails with <see cref="SystemCalls.Exists"/> rather than replace.</summary>
    public void RenameAt(string from, string to)
    {
        var action = $"cannot rename to {PosixText.Show(to)}";
        if (SystemCalls.Rename(this, PosixText.Encode(from), this, PosixText.Encode(to), NoReplace) == 0)
        {
            return;
        }

        if (Marshal.GetLastPInvokeError() is not (SystemCalls.Invalid or SystemCalls.NotImplemented or SystemCalls.NotSupported))
        {
            throw PosixException.OfLastCall(action);
        }

        // NFS knows no such rename; a second name is refused there just as well when the first one is taken.
        Check(SystemCalls.Link(this, PosixText.Encode(from), this, PosixText.Encode(to), 0), action);
        RemoveAt(from);
    }

    /// <summary>Where the file really is, all links resolved, as bytes; a removed file's ends in <c> (deleted)</c>.</summary>
    public byte[] ResolvedPath()
    {
        const int pathBytesMax = 4096 + 16;
        var buffer = stackalloc byte[pathBytesMax];
        var length = SystemCalls.ReadLink(PosixText.Encode($"/proc/self/fd/{Descriptor}"), buffer, pathBytesMax);
        return length >= 0 ? new ReadOnlySpan<byte>(buffer, (int)length).ToArray() : throw PosixException.OfLastCall("cannot ask /proc where a file is");
    }

    protected override bool ReleaseHandle() => SystemCalls.Close((int)handle) == 0;

    private static OpenFile Open(int directory, string name, OpenMode mode, uint permissions)
    {
        int file;
        while ((file = SystemCalls.OpenAt(directory, PosixText.Encode(name), OpenFlags.Of(mode), permissions)) < 0)
        {
            Retry($"cannot open {PosixText.Show(name)}");
        }

        return new OpenFile(file);
    }

    private bool TryStat(string name, int flags, out FileStat stat, out int error)
    {
        var isSeen = PosixFile.TryStat((int)handle, name, flags, out stat, out error);
        GC.KeepAlive(this);
        return isSeen;
    }

    private bool TryLock(int operation)
    {
        while (SystemCalls.Lock(this, operation) != 0)
        {
            if (Marshal.GetLastPInvokeError() == SystemCalls.TryAgain)
            {
                return false;
            }

            Retry("cannot lock a file");
        }

        return true;
    }

    private static void Check(int result, string action)
    {
        if (result != 0)
        {
            throw PosixException.OfLastCall(action);
        }
    }

    /// <summary>Zero after an interruption by a signal: call again. Otherwise the failure.</summary>
    private static int Retry(string action) =>
        Marshal.GetLastPInvokeError() == SystemCalls.Interrupted ? 0 : throw PosixException.OfLastCall(action);
}
