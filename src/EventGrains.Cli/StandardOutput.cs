using Microsoft.Win32.SafeHandles;

namespace EventGrains.Cli;

/// <summary>The process's stdout, which fails when its reader has gone.</summary>
/// <remarks>
/// The console's own stream swallows a broken pipe, so <c>events tail | head -1</c> would never end. A plain file stream over a
/// seekable stdout would keep an offset of its own and overwrite what others append to the same file; so only a pipe gets one.
/// </remarks>
internal static class StandardOutput
{
    public static Stream Open()
    {
        if (OperatingSystem.IsWindows() || !Console.IsOutputRedirected)
        {
            return Console.OpenStandardOutput();
        }

        try
        {
            var stream = new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
            return stream.CanSeek ? Console.OpenStandardOutput() : stream;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return Console.OpenStandardOutput();
        }
    }
}
