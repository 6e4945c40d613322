using System.Buffers.Binary;
using System.Runtime.InteropServices;
using EventGrains.Silo.Posix;
using Microsoft.Win32.SafeHandles;

namespace EventGrains.Silo.Sources.Directories;

[Flags]
internal enum Notices : uint
{
    None = 0,
    Attributes = 0x4,
    WriterClosed = 0x8,
    MovedFrom = 0x40,
    MovedTo = 0x80,
    Created = 0x100,
    Deleted = 0x200,
    Unmounted = 0x2000,
    Overflow = 0x4000,
    Ignored = 0x8000,
    OnlyDirectories = 0x0100_0000,
    NoFollow = 0x0200_0000,
    ExceptUnlinked = 0x0400_0000,
    OfDirectory = 0x4000_0000,
}

/// <param name="Watch">Which watched directory; -1 for an overflow.</param>
/// <param name="Cookie">Joins the two sides of a rename.</param>
internal readonly record struct Notice(int Watch, Notices What, uint Cookie, string Name)
{
    public static readonly Notice Nothing = new(-1, Notices.None, 0, "");
}

/// <summary>Notices of what happens in directories; each directory is watched by itself. Read by one thread, while others add and remove.</summary>
internal interface IDirectoryNotices : IDisposable
{
    /// <summary>Watches a directory; the same number again for one that is watched already, whatever it is called now. -1 and the error when it cannot be.</summary>
    int TryAdd(string path, out int error);

    void Remove(int watch);

    /// <summary>Waits until something can be read, no longer than the time-out.</summary>
    void Wait(int timeoutMilliseconds);

    /// <summary>Adds what has happened to <paramref name="notices"/>, without waiting. Answers how much was read, in the unit of <see cref="Unread"/>.</summary>
    int Read(List<Notice> notices);

    /// <summary>How much waits to be read; not while it is being read.</summary>
    int Unread { get; }
}

/// <summary>The kernel gives this user no more instances of inotify: nothing is watched, and whoever adds a directory learns why.</summary>
internal sealed class NoNotices : IDirectoryNotices
{
    private readonly ManualResetEventSlim ended = new();

    public int TryAdd(string path, out int error)
    {
        error = SystemCalls.TooManyOpen;
        return -1;
    }

    public void Remove(int watch)
    {
    }

    public void Wait(int timeoutMilliseconds) => ended.Wait(timeoutMilliseconds);

    public int Read(List<Notice> notices) => 0;

    public int Unread => 0;

    public void Dispose() => ended.Dispose();
}

/// <summary>The kernel's own notices.</summary>
internal sealed unsafe class Inotify : IDirectoryNotices
{
    // FIONREAD: how many bytes can be read, see inotify(7).
    private const nuint BytesUnread = 0x541b;
    private const int NonBlockingCloseOnExec = OpenFlags.NonBlocking | OpenFlags.CloseOnExec;

    private const Notices Wanted = Notices.Attributes | Notices.WriterClosed | Notices.MovedFrom | Notices.MovedTo | Notices.Created
        | Notices.Deleted | Notices.OnlyDirectories | Notices.NoFollow | Notices.ExceptUnlinked;

    private readonly SafeFileHandle handle;
    private readonly byte[] buffer = new byte[256 * 1024];

    private Inotify(int descriptor) => handle = new SafeFileHandle(descriptor, ownsHandle: true);

    public static IDirectoryNotices Open()
    {
        var descriptor = SystemCalls.InotifyInit(NonBlockingCloseOnExec);
        return descriptor >= 0 ? new Inotify(descriptor)
            : Marshal.GetLastPInvokeError() == SystemCalls.TooManyOpen ? new NoNotices()
            : throw PosixFile.Failed("directories cannot be watched", Marshal.GetLastPInvokeError());
    }

    public int TryAdd(string path, out int error)
    {
        var watch = SystemCalls.InotifyAdd(handle, PosixText.Encode(path), (uint)Wanted);
        error = watch < 0 ? Marshal.GetLastPInvokeError() : 0;
        return watch;
    }

    public void Remove(int watch) => _ = SystemCalls.InotifyRemove(handle, watch);

    public int Unread
    {
        get
        {
            int bytes;
            return SystemCalls.Control(handle, BytesUnread, &bytes) == 0
                ? bytes
                : throw PosixFile.Failed("what the kernel noticed of directories cannot be counted", Marshal.GetLastPInvokeError());
        }
    }

    public void Wait(int timeoutMilliseconds)
    {
        var entry = new SystemCalls.PollEntry { File = (int)handle.DangerousGetHandle(), Asked = SystemCalls.PollIn };
        _ = SystemCalls.Poll(&entry, 1, timeoutMilliseconds);
    }

    public int Read(List<Notice> notices)
    {
        fixed (byte* bytes = buffer)
        {
            // Nothing to read is an error, too (EAGAIN).
            var length = Math.Max(0, (int)SystemCalls.Read(handle, bytes, buffer.Length));
            Parse(buffer.AsSpan(0, length), notices);
            return length;
        }
    }

    /// <summary>struct inotify_event: watch, mask, cookie, length of the name, and the name with one or more NULs.</summary>
    public static void Parse(ReadOnlySpan<byte> bytes, List<Notice> notices)
    {
        while (bytes.Length >= 16)
        {
            var watch = BinaryPrimitives.ReadInt32LittleEndian(bytes);
            var what = (Notices)BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
            var cookie = BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]);
            var length = (int)BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]);
            var name = bytes.Slice(16, length);
            var end = name.IndexOf((byte)0);
            notices.Add(new Notice(watch, what, cookie, PosixText.Decode(end < 0 ? name : name[..end])));
            bytes = bytes[(16 + length)..];
        }
    }

    public void Dispose() => handle.Dispose();
}
