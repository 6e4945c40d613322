using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace EventGrains.Silo.Posix;

/// <summary>Whether somebody has a file open for writing.</summary>
internal enum Writers : byte
{
    None,
    Some,

    /// <summary>The file system or our rights do not let us ask.</summary>
    CannotTell,
}

/// <summary>Looks at files and directories, and says what went wrong by its number: no link is followed, and a name's bytes reach the kernel as they were.</summary>
internal static unsafe class PosixFile
{
    private const uint BasicAndBirth = 0x7ff | BirthBit;
    private const uint BirthBit = 0x800;

    private const int SetSignal = 10;    // F_SETSIG
    private const int SetLease = 1024;   // F_SETLEASE
    private const int ReadLease = 0;     // F_RDLCK
    private const int NoLease = 2;       // F_UNLCK
    private const int UrgentSignal = 23; // SIGURG, ignored unless somebody asks for it

    /// <summary>Looks at a name without following a link; the error number when there is nothing to see.</summary>
    public static bool TryStat(string path, out FileStat stat, out int error) => TryStat(SystemCalls.WorkingDirectory, path, out stat, out error);

    public static bool TryStat(SafeFileHandle directory, string name, out FileStat stat, out int error) =>
        TryStat((int)directory.DangerousGetHandle(), name, out stat, out error);

    /// <summary>Looks at an open file, whatever became of its name.</summary>
    public static FileStat Stat(SafeFileHandle file) =>
        TryStat((int)file.DangerousGetHandle(), "", out var stat, out var error) ? stat : throw Failed("cannot look at an open file", error);

    /// <summary>Opens for reading; null and the error number when it cannot be. A pipe or device does not block it.</summary>
    public static SafeFileHandle? TryOpen(string path, out int error) =>
        TryOpenAt(SystemCalls.WorkingDirectory, path, OpenFlags.Of(OpenMode.Read), out error);

    public static SafeFileHandle? TryOpen(SafeFileHandle directory, string name, out int error) =>
        TryOpenAt((int)directory.DangerousGetHandle(), name, OpenFlags.Of(OpenMode.Read), out error);

    public static SafeFileHandle? TryOpenDirectory(string path, out int error) =>
        TryOpenAt(SystemCalls.WorkingDirectory, path, OpenFlags.Of(OpenMode.Directory), out error);

    public static SafeFileHandle? TryOpenDirectory(SafeFileHandle directory, string name, out int error) =>
        TryOpenAt((int)directory.DangerousGetHandle(), name, OpenFlags.Of(OpenMode.Directory), out error);

    /// <summary>Asks by taking a read lease and giving it back: the kernel refuses one while a writer has the file open.</summary>
    public static Writers WritersOf(SafeFileHandle file)
    {
        // A writer that opens while we hold the lease makes the kernel signal us; the default signal, SIGIO, would end the process.
        _ = SystemCalls.FileControl(file, SetSignal, UrgentSignal);
        if (SystemCalls.FileControl(file, SetLease, ReadLease) == 0)
        {
            _ = SystemCalls.FileControl(file, SetLease, NoLease);
            return Writers.None;
        }

        return Marshal.GetLastPInvokeError() == SystemCalls.TryAgain ? Writers.Some : Writers.CannotTell;
    }

    /// <summary>The names in a directory with their kinds as the directory tells them (<see cref="FileKind.Other"/>: look yourself), in no order.</summary>
    /// <exception cref="IOException">The directory cannot be listed to its end; what was not listed is unknown, not absent.</exception>
    public static void List(SafeHandle directory, Action<string, FileKind> entry)
    {
        // The listing owns the descriptor it is given, so it gets one of its own.
        using var own = TryOpenAt((int)directory.DangerousGetHandle(), ".", OpenFlags.Of(OpenMode.Directory), out var error) ?? throw Failed("cannot list a directory", error);
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
                    entry(PosixText.Decode(name), item[18] switch { 4 => FileKind.Directory, 8 => FileKind.Regular, 10 => FileKind.Link, _ => FileKind.Other });
                }
            }
        }
        finally
        {
            _ = SystemCalls.CloseListing(listing);
        }
    }

    public static PosixException Failed(string what, int error) => new(what, error);

    /// <summary>What <c>statx</c> answers; false and the error when it answers nothing.</summary>
    /// <param name="name">In the directory; empty for what the descriptor itself is.</param>
    public static bool TryStat(int directory, string name, int flags, out FileStat stat, out int error)
    {
        stat = default;
        if (!PosixText.TryEncode(name, out var path))
        {
            error = SystemCalls.Invalid;
            return false;
        }

        SystemCalls.StatxAnswer answer;
        if (SystemCalls.Statx(directory, path, flags, BasicAndBirth, &answer) != 0)
        {
            error = Marshal.GetLastPInvokeError();
            return false;
        }

        error = 0;
        var birth = (answer.Mask & BirthBit) == 0 ? 0 : FileStat.NanosecondsOf(TimeOf(answer.Birth));
        stat = new FileStat(
            new FileIdentity(((ulong)answer.DeviceMajor << 32) | answer.DeviceMinor, answer.Inode, birth),
            (answer.Mode & 0xF000) switch { 0x8000 => FileKind.Regular, 0x4000 => FileKind.Directory, 0xA000 => FileKind.Link, _ => FileKind.Other },
            (long)answer.Size,
            TimeOf(answer.Changed),
            TimeOf(answer.Modified),
            (int)answer.Links,
            answer.Mode & 0x1FFu);
        return true;
    }

    private static bool TryStat(int directory, string name, out FileStat stat, out int error) =>
        TryStat(directory, name, SystemCalls.NoFollow | (name.Length == 0 ? SystemCalls.EmptyPath : 0), out stat, out error);

    private static PosixTime TimeOf(in SystemCalls.StatxTime time) => new(time.Seconds, time.Nanoseconds);

    private static SafeFileHandle? TryOpenAt(int directory, string name, int flags, out int error)
    {
        if (!PosixText.TryEncode(name, out var path))
        {
            error = SystemCalls.Invalid;
            return null;
        }

        var descriptor = SystemCalls.OpenAt(directory, path, flags, 0);
        error = descriptor < 0 ? Marshal.GetLastPInvokeError() : 0;
        return descriptor < 0 ? null : new SafeFileHandle(descriptor, ownsHandle: true);
    }
}
