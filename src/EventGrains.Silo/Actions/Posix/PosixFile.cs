using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace EventGrains.Silo.Actions.Posix;

/// <summary>An open file, directory or end of a pipe. Never inherited by a child unless handed over. Failures are <see cref="PosixException"/>s.</summary>
internal sealed unsafe class PosixFile : SafeHandleMinusOneIsInvalid
{
    private const int CurrentDirectory = -100;
    private const int EmptyPath = 0x1000;
    private const int AskTheServer = 0x2000;
    private const int DoNotFollow = 0x100;
    private const uint BasicStatus = 0x7FF;
    private const int LockExclusivelyNow = 2 | 4;
    private const int LockSharedNow = 1 | 4;
    private const int GiveLockBack = 8;
    private const uint NoReplace = 1;
    private const long LeaveTime = 0x3FFFFFFE;
    private const int DoNotNeed = 4;
    private const short PollIn = 1;

    private PosixFile(int file)
        : base(ownsHandle: true) => SetHandle(file);

    /// <summary>Opens by path, following links: for roots that an administrator named.</summary>
    public static PosixFile Open(string path, OpenMode mode) => Open(CurrentDirectory, path, mode, permissions: 0);

    public static (PosixFile Read, PosixFile Write) OpenPipe()
    {
        var ends = stackalloc int[2];
        return NativeMethods.Pipe(ends, OpenFlags.CloseOnExec) == 0
            ? (new PosixFile(ends[0]), new PosixFile(ends[1]))
            : throw PosixException.OfLastCall("cannot open a pipe");
    }

    /// <summary>Opens beneath this directory.</summary>
    public PosixFile OpenAt(string name, OpenMode mode, uint permissions = 0) => Open((int)handle, name, mode, permissions);

    public int Descriptor => (int)handle;

    public PosixStatus Status() => StatusOf("", EmptyPath | AskTheServer, "an open file");

    /// <summary>The status of a name in this directory, without following a link; null when there is no such name.</summary>
    public PosixStatus? StatusAt(string name)
    {
        try
        {
            return StatusOf(name, DoNotFollow, name);
        }
        catch (PosixException missing) when (missing.Error == Errno.NoEntry)
        {
            return null;
        }
    }

    /// <summary>Reads at an offset; less than asked only at the end of the file.</summary>
    public int Read(Span<byte> into, long offset)
    {
        var read = 0;
        while (read < into.Length)
        {
            fixed (byte* at = into[read..])
            {
                var count = NativeMethods.Read(this, at, into.Length - read, offset + read);
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
                var count = NativeMethods.Write(this, at, bytes.Length - written, offset + written);
                written += count >= 0 ? (int)count : Retry("cannot write");
            }
        }
    }

    /// <summary>Of a pipe: what is there, waiting up to the given time; null when nothing came, 0 at the end.</summary>
    public int? ReadNext(Span<byte> into, int waitMilliseconds)
    {
        var entry = new PollEntry { File = Descriptor, Asked = PollIn };
        if (NativeMethods.Poll(&entry, 1, waitMilliseconds) <= 0)
        {
            return null;
        }

        fixed (byte* at = into)
        {
            var count = NativeMethods.ReadNext(this, at, into.Length);
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
            while (NativeMethods.WriteNext(this, at, bytes.Length) < 0)
            {
                Retry("cannot write into a pipe");
            }
        }
    }

    public void Sync() => Check(NativeMethods.Sync(this), "cannot make a write durable");

    public void Truncate(long length) => Check(NativeMethods.Truncate(this, length), "cannot cut a file");

    public void ChangeMode(uint permissions) => Check(NativeMethods.ChangeMode(this, permissions), "cannot set permissions");

    public void SetModified(PosixTime modified)
    {
        var times = stackalloc PosixTime[] { new PosixTime(0, LeaveTime), modified };
        Check(NativeMethods.SetTimes(this, times), "cannot set the modification time");
    }

    /// <summary>Drops what the page cache holds of this file, so that the next read asks the device. A wish; not an error when refused.</summary>
    public void ForgetCached() => _ = NativeMethods.Advise(this, 0, 0, DoNotNeed);

    /// <summary>Takes the file's lock; false when another open file holds it. Released when this one is closed, also by a crash.</summary>
    public bool TryLock() => TryLock(LockExclusivelyNow);

    /// <summary>Takes the lock beside others who share it; false when somebody holds it alone.</summary>
    public bool TryShareLock() => TryLock(LockSharedNow);

    private bool TryLock(int operation)
    {
        while (NativeMethods.Lock(this, operation) != 0)
        {
            if (Marshal.GetLastPInvokeError() == Errno.WouldBlock)
            {
                return false;
            }

            Retry("cannot lock a file");
        }

        return true;
    }

    /// <summary>Gives the lock back. Closing alone may come late: a child that is just being forked holds all open files for a moment.</summary>
    public void Unlock() => Check(NativeMethods.Lock(this, GiveLockBack), "cannot unlock a file");

    /// <summary>False when there is one already.</summary>
    public bool MakeDirectoryAt(string name)
    {
        if (NativeMethods.MakeDirectory(this, PosixText.Encode(name), 0x1FF) == 0)
        {
            return true;
        }

        return Marshal.GetLastPInvokeError() == Errno.Exists ? false : throw PosixException.OfLastCall($"cannot create the directory {PosixText.Show(name)}");
    }

    /// <summary>Removes a name; one that is not there is no error.</summary>
    public void RemoveAt(string name)
    {
        if (NativeMethods.Unlink(this, PosixText.Encode(name), 0) != 0 && Marshal.GetLastPInvokeError() != Errno.NoEntry)
        {
            throw PosixException.OfLastCall($"cannot remove {PosixText.Show(name)}");
        }
    }

    /// <summary>Renames within this directory, over what has the new name.</summary>
    public void ReplaceAt(string from, string to) =>
        Check(NativeMethods.Rename(this, PosixText.Encode(from), this, PosixText.Encode(to), 0), $"cannot rename to {PosixText.Show(to)}");

    /// <summary>Renames within this directory; fails with <see cref="Errno.Exists"/> rather than replace.</summary>
    public void RenameAt(string from, string to)
    {
        var action = $"cannot rename to {PosixText.Show(to)}";
        if (NativeMethods.Rename(this, PosixText.Encode(from), this, PosixText.Encode(to), NoReplace) == 0)
        {
            return;
        }

        if (Marshal.GetLastPInvokeError() is not (Errno.Invalid or Errno.NotImplemented or Errno.NotSupported))
        {
            throw PosixException.OfLastCall(action);
        }

        // NFS knows no such rename; a second name is refused there just as well when the first one is taken.
        Check(NativeMethods.Link(this, PosixText.Encode(from), this, PosixText.Encode(to), 0), action);
        RemoveAt(from);
    }

    /// <summary>Where the file really is, all links resolved, as bytes; a removed file's ends in <c> (deleted)</c>.</summary>
    public byte[] ResolvedPath()
    {
        const int pathBytesMax = 4096 + 16;
        var buffer = stackalloc byte[pathBytesMax];
        var length = NativeMethods.ReadLink(PosixText.Encode($"/proc/self/fd/{Descriptor}"), buffer, pathBytesMax);
        return length >= 0 ? new ReadOnlySpan<byte>(buffer, (int)length).ToArray() : throw PosixException.OfLastCall("cannot ask /proc where a file is");
    }

    protected override bool ReleaseHandle() => NativeMethods.Close((int)handle) == 0;

    private static PosixFile Open(int directory, string name, OpenMode mode, uint permissions)
    {
        int file;
        while ((file = NativeMethods.OpenAt(directory, PosixText.Encode(name), OpenFlags.Of(mode), permissions)) < 0)
        {
            Retry($"cannot open {PosixText.Show(name)}");
        }

        return new PosixFile(file);
    }

    private PosixStatus StatusOf(string name, int flags, string shown)
    {
        var status = stackalloc byte[PosixStatus.Bytes];
        Check(NativeMethods.Status(this, PosixText.Encode(name), flags, BasicStatus, status), $"cannot stat {PosixText.Show(shown)}");
        return PosixStatus.Parse(new ReadOnlySpan<byte>(status, PosixStatus.Bytes));
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
        Marshal.GetLastPInvokeError() == Errno.Interrupted ? 0 : throw PosixException.OfLastCall(action);
}
