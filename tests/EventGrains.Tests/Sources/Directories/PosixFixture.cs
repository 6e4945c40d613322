using System.Runtime.InteropServices;

namespace EventGrains.Tests.Sources.Directories;

/// <summary>What .NET's file calls cannot do: names that are no UTF-8, hard links.</summary>
internal static partial class PosixFixture
{
    private const int CreateWriteOnly = 0x41;

    public static void WriteFile(byte[] path, ReadOnlySpan<byte> content)
    {
        var descriptor = Open([.. path, 0], CreateWriteOnly, 0x1a4);
        Assert.True(descriptor >= 0);
        using var file = new FileStream(new Microsoft.Win32.SafeHandles.SafeFileHandle(descriptor, true), FileAccess.Write);
        file.Write(content);
    }

    public static void DeleteFile(byte[] path) => Assert.Equal(0, Unlink([.. path, 0]));

    public static void Link(string from, string to) => Assert.Equal(0, HardLink(from, to));

    public static void Chmod(string path, int mode) => Assert.Equal(0, ChangeMode(path, mode));

    [DllImport("libc", EntryPoint = "chmod", SetLastError = true)]
    private static extern int ChangeMode([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int mode);

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    private static extern int Open(byte[] path, int flags, int mode);

    [DllImport("libc", EntryPoint = "unlink", SetLastError = true)]
    private static extern int Unlink(byte[] path);

    [DllImport("libc", EntryPoint = "link", SetLastError = true)]
    private static extern int HardLink([MarshalAs(UnmanagedType.LPUTF8Str)] string from, [MarshalAs(UnmanagedType.LPUTF8Str)] string to);
}
