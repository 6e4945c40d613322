using System.Runtime.InteropServices;

namespace EventGrains.Silo.Posix;

/// <summary>A call of the operating system failed; <see cref="Error"/> is its errno.</summary>
internal sealed class PosixException(string action, int error)
    : IOException($"{action}: {SystemCalls.Explain(error)}")
{
    public int Error { get; } = error;

    /// <summary>No room: the device, the quota, or the largest file that the process or file system allows.</summary>
    public bool IsFull => Error is SystemCalls.NoSpace or SystemCalls.QuotaExceeded or SystemCalls.FileTooBig;

    public static PosixException OfLastCall(string action) => new(action, Marshal.GetLastPInvokeError());
}
