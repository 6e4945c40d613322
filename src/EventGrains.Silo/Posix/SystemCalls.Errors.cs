namespace EventGrains.Silo.Posix;

/// <summary>The errors that decide something here.</summary>
internal static unsafe partial class SystemCalls
{
    public const int NotFound = 2;          // ENOENT
    public const int Interrupted = 4;       // EINTR
    public const int TryAgain = 11;         // EAGAIN
    public const int Exists = 17;           // EEXIST
    public const int NotADirectory = 20;    // ENOTDIR
    public const int Invalid = 22;          // EINVAL
    public const int TooManyOpen = 24;      // EMFILE
    public const int FileTooBig = 27;       // EFBIG
    public const int NoSpace = 28;          // ENOSPC
    public const int BrokenPipe = 32;       // EPIPE
    public const int NameTooLong = 36;      // ENAMETOOLONG
    public const int NotImplemented = 38;   // ENOSYS
    public const int TooManySymlinks = 40;  // ELOOP
    public const int NotSupported = 95;     // EOPNOTSUPP
    public const int QuotaExceeded = 122;   // EDQUOT
}
