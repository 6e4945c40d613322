using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace EventGrains.Silo.Sources.Posix;

/// <summary>Whether somebody has a file open for writing.</summary>
internal enum Writers : byte
{
    None,
    Some,

    /// <summary>The file system or our rights do not let us ask.</summary>
    CannotTell,
}

/// <summary>Files and directories by descriptor: no link is followed, and a name's bytes reach the kernel as they were.</summary>
internal static unsafe class PosixFile
{
    private const uint BasicAndBirth = 0x7ff | BirthBit;
    private const uint BirthBit = 0x800;

    /// <summary>Looks at a name without following a link; the error number when there is nothing to see.</summary>
    public static bool TryStat(string path, out FileStat stat, out int error) => TryStat(SystemCalls.WorkingDirectory, path, out stat, out error);

    public static bool TryStat(SafeFileHandle directory, string name, out FileStat stat, out int error) =>
        TryStat((int)directory.DangerousGetHandle(), name, out stat, out error);

    /// <summary>Looks at an open file, whatever became of its name.</summary>
    public static FileStat Stat(SafeFileHandle file) =>
        TryStat((int)file.DangerousGetHandle(), "", out var stat, out var error) ? stat : throw Failed("cannot look at an open file", error);

    /// <summary>Opens for reading; null and the error number when it cannot be. A pipe or device does not block it.</summary>
    public static SafeFileHandle? TryOpen(string path, out int error) =>
        TryOpenAt(SystemCalls.WorkingDirectory, path, SystemCalls.OpenNonBlocking, out error);

    public static SafeFileHandle? TryOpen(SafeFileHandle directory, string name, out int error) =>
        TryOpenAt((int)directory.DangerousGetHandle(), name, SystemCalls.OpenNonBlocking, out error);

    public static SafeFileHandle? TryOpenDirectory(string path, out int error) =>
        TryOpenAt(SystemCalls.WorkingDirectory, path, SystemCalls.OpenDirectory, out error);

    public static SafeFileHandle? TryOpenDirectory(SafeFileHandle directory, string name, out int error) =>
        TryOpenAt((int)directory.DangerousGetHandle(), name, SystemCalls.OpenDirectory, out error);

    /// <summary>Asks by taking a read lease and giving it back: the kernel refuses one while a writer has the file open.</summary>
    public static Writers WritersOf(SafeFileHandle file)
    {
        var descriptor = (int)file.DangerousGetHandle();

        // A writer that opens while we hold the lease makes the kernel signal us; the default signal, SIGIO, would end the process.
        _ = SystemCalls.FileControl(descriptor, SystemCalls.SetSignal, SystemCalls.UrgentSignal);
        if (SystemCalls.FileControl(descriptor, SystemCalls.SetLease, SystemCalls.ReadLease) == 0)
        {
            _ = SystemCalls.FileControl(descriptor, SystemCalls.SetLease, SystemCalls.NoLease);
            return Writers.None;
        }

        return Marshal.GetLastPInvokeError() == SystemCalls.TryAgain ? Writers.Some : Writers.CannotTell;
    }

    /// <summary>The names in a directory with their kinds as the directory tells them (<see cref="FileKind.Other"/>: look yourself), in no order.</summary>
    /// <exception cref="IOException">The directory cannot be listed to its end; what was not listed is unknown, not absent.</exception>
    public static void List(SafeHandle directory, Action<string, FileKind> entry)
    {
        // The listing owns the descriptor it is given, so it gets one of its own.
        using var own = TryOpenAt((int)directory.DangerousGetHandle(), ".", SystemCalls.OpenDirectory, out var error) ?? throw Failed("cannot list a directory", error);
        var listing = SystemCalls.OpenListing((int)own.DangerousGetHandle());
        if (listing == 0)
        {
            throw Failed("cannot list a directory", Marshal.GetLastPInvokeError());
        }

        own.SetHandleAsInvalid();
        try
        {
            while (true)
            {
                var item = (byte*)SystemCalls.ReadListing(listing);
                if (item == null)
                {
                    error = Marshal.GetLastPInvokeError();
                    if (error != 0)
                    {
                        throw Failed("a directory could not be listed to its end", error);
                    }

                    return;
                }

                // struct dirent: inode, offset, length (8 + 8 + 2 bytes), type, name.
                var name = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(item + 19);
                if (!name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8))
                {
                    entry(PosixPath.Decode(name), item[18] switch { 4 => FileKind.Directory, 8 => FileKind.Regular, 10 => FileKind.Link, _ => FileKind.Other });
                }
            }
        }
        finally
        {
            _ = SystemCalls.CloseListing(listing);
        }
    }

    public static IOException Failed(string what, int error) => new($"{what}: {SystemCalls.Explain(error)}");

    private static bool TryStat(int directory, string name, out FileStat stat, out int error)
    {
        SystemCalls.StatxAnswer answer;
        int result;
        fixed (byte* path = PosixPath.Encode(name))
        {
            var flags = SystemCalls.NoFollow | (name.Length == 0 ? SystemCalls.EmptyPath : 0);
            result = SystemCalls.Statx(directory, path, flags, BasicAndBirth, &answer);
        }

        if (result != 0)
        {
            error = Marshal.GetLastPInvokeError();
            stat = default;
            return false;
        }

        error = 0;
        var birth = (answer.Mask & BirthBit) == 0 ? 0 : FileStat.NanosecondsOf(answer.Birth.Seconds, answer.Birth.Nanoseconds);
        stat = new FileStat(
            new FileIdentity(((ulong)answer.DeviceMajor << 32) | answer.DeviceMinor, answer.Inode, birth),
            (answer.Mode & 0xF000) switch { 0x8000 => FileKind.Regular, 0x4000 => FileKind.Directory, 0xA000 => FileKind.Link, _ => FileKind.Other },
            (long)answer.Size,
            FileStat.NanosecondsOf(answer.Changed.Seconds, answer.Changed.Nanoseconds),
            FileStat.NanosecondsOf(answer.Modified.Seconds, answer.Modified.Nanoseconds),
            (int)answer.Links);
        return true;
    }

    private static SafeFileHandle? TryOpenAt(int directory, string name, int flags, out int error)
    {
        fixed (byte* path = PosixPath.Encode(name))
        {
            var descriptor = SystemCalls.OpenAt(directory, path, flags | SystemCalls.OpenNoFollow | SystemCalls.OpenCloseOnExec, 0);
            error = descriptor < 0 ? Marshal.GetLastPInvokeError() : 0;
            return descriptor < 0 ? null : new SafeFileHandle(descriptor, ownsHandle: true);
        }
    }
}
