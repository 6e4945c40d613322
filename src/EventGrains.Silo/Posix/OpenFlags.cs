using System.Runtime.InteropServices;

namespace EventGrains.Silo.Posix;

internal enum OpenMode
{
    /// <summary>A directory, following links.</summary>
    Root,

    /// <summary>A directory; a link in its place is refused.</summary>
    Directory,

    /// <summary>To read; a link in its place is refused, and a pipe does not block.</summary>
    Read,

    /// <summary>To read and write what is there; a link in its place is refused, and a pipe does not block.</summary>
    ReadWrite,

    /// <summary>To read and write, created when missing; a link in its place is refused.</summary>
    ReadWriteCreate,
}

/// <summary>The numbers of <c>open</c>; two of them differ between the machines that .NET runs on.</summary>
internal static class OpenFlags
{
    public const int CloseOnExec = 0x80000;

    private const int ReadWrite = 2;
    private const int Create = 0x40;
    public const int NonBlocking = 0x800;

    private static readonly bool Arm = RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm;
    private static readonly int MustBeDirectory = Arm ? 0x4000 : 0x10000;
    private static readonly int NoFollow = Arm ? 0x8000 : 0x20000;

    public static int Of(OpenMode mode) => CloseOnExec | mode switch
    {
        OpenMode.Root => MustBeDirectory,
        OpenMode.Directory => MustBeDirectory | NoFollow,
        OpenMode.Read => NoFollow | NonBlocking,
        OpenMode.ReadWrite => ReadWrite | NoFollow | NonBlocking,
        OpenMode.ReadWriteCreate => ReadWrite | Create | NoFollow | NonBlocking,
        _ => throw new ArgumentOutOfRangeException(nameof(mode)),
    };
}
