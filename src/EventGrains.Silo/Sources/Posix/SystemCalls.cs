using System.Runtime.InteropServices;

namespace EventGrains.Silo.Sources.Posix;

/// <summary>The Linux calls that .NET does not offer, as they are; numbers are those of x86-64 and arm64 alike.</summary>
internal static unsafe partial class SystemCalls
{
    public const int NotFound = 2;          // ENOENT
    public const int TryAgain = 11;         // EAGAIN
    public const int Interrupted = 4;       // EINTR
    public const int NoPermission = 13;     // EACCES
    public const int NotADirectory = 20;    // ENOTDIR
    public const int TooManyOpen = 24;      // EMFILE
    public const int NoSpace = 28;          // ENOSPC
    public const int TooManySymlinks = 40;  // ELOOP

    public const int WorkingDirectory = -100; // AT_FDCWD
    public const int NoFollow = 0x100;        // AT_SYMLINK_NOFOLLOW
    public const int EmptyPath = 0x1000;      // AT_EMPTY_PATH

    public const int OpenNonBlocking = 0x800;
    public const int OpenCloseOnExec = 0x80000;
    public const int OpenPathOnly = 0x200000;

    // O_DIRECTORY and O_NOFOLLOW trade places on arm64.
    public static readonly int OpenDirectory = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x4000 : 0x10000;
    public static readonly int OpenNoFollow = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x8000 : 0x20000;

    public const int SetSignal = 10;        // F_SETSIG
    public const int SetLease = 1024;       // F_SETLEASE
    public const int ReadLease = 0;         // F_RDLCK
    public const int NoLease = 2;           // F_UNLCK
    public const int UrgentSignal = 23;     // SIGURG, ignored unless somebody asks for it

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true)]
    public static partial int OpenAt(int directory, byte* path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    public static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true)]
    public static partial int Statx(int directory, byte* path, int flags, uint mask, StatxAnswer* answer);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    public static partial int FileControl(int descriptor, int command, long argument);

    [LibraryImport("libc", EntryPoint = "fdopendir", SetLastError = true)]
    public static partial nint OpenListing(int descriptor);

    [LibraryImport("libc", EntryPoint = "readdir", SetLastError = true)]
    public static partial nint ReadListing(nint listing);

    [LibraryImport("libc", EntryPoint = "closedir", SetLastError = true)]
    public static partial int CloseListing(nint listing);

    [LibraryImport("libc", EntryPoint = "inotify_init1", SetLastError = true)]
    public static partial int InotifyInit(int flags);

    [LibraryImport("libc", EntryPoint = "inotify_add_watch", SetLastError = true)]
    public static partial int InotifyAdd(int descriptor, byte* path, uint mask);

    [LibraryImport("libc", EntryPoint = "inotify_rm_watch", SetLastError = true)]
    public static partial int InotifyRemove(int descriptor, int watch);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    public static partial nint Read(int descriptor, byte* buffer, nint length);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    public static partial int Poll(PollRequest* requests, nint count, int timeoutMilliseconds);

    public static string Explain(int error) => Marshal.GetPInvokeErrorMessage(error);

    [StructLayout(LayoutKind.Sequential)]
    public struct PollRequest
    {
        public int Descriptor;
        public short Events;
        public short Happened;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct StatxTime
    {
        public long Seconds;
        public uint Nanoseconds;
        public int Reserved;
    }

    [StructLayout(LayoutKind.Explicit, Size = 256)]
    public struct StatxAnswer
    {
        [FieldOffset(0)] public uint Mask;
        [FieldOffset(16)] public uint Links;
        [FieldOffset(28)] public ushort Mode;
        [FieldOffset(32)] public ulong Inode;
        [FieldOffset(40)] public ulong Size;
        [FieldOffset(80)] public StatxTime Birth;
        [FieldOffset(96)] public StatxTime Changed;
        [FieldOffset(112)] public StatxTime Modified;
        [FieldOffset(136)] public uint DeviceMajor;
        [FieldOffset(140)] public uint DeviceMinor;
    }
}
