using System.Runtime.InteropServices;

namespace EventGrains.Silo.Actions.Posix;

/// <summary>A call of the operating system failed; <see cref="Error"/> is its errno.</summary>
internal sealed class PosixException(string action, int error)
    : IOException($"{action}: {Marshal.GetPInvokeErrorMessage(error)}")
{
    public int Error { get; } = error;

    /// <summary>No room: the device, the quota, or the largest file that the process or file system allows.</summary>
    public bool IsFull => Error is Errno.NoSpace or Errno.QuotaExceeded or Errno.FileTooBig;

    public static PosixException OfLastCall(string action) => new(action, Marshal.GetLastPInvokeError());
}

/// <summary>The errors that decide something here; the numbers are those of Linux on every 64-bit machine.</summary>
internal static class Errno
{
    public const int NoEntry = 2;
    public const int Interrupted = 4;
    public const int WouldBlock = 11;
    public const int Exists = 17;
    public const int NotADirectory = 20;
    public const int Invalid = 22;
    public const int FileTooBig = 27;
    public const int NoSpace = 28;
    public const int BrokenPipe = 32;
    public const int NameTooLong = 36;
    public const int NotImplemented = 38;
    public const int Loop = 40;
    public const int NotSupported = 95;
    public const int QuotaExceeded = 122;
}
