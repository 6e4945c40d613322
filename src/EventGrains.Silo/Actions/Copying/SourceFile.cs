using System.Text;
using EventGrains.Silo.Posix;

namespace EventGrains.Silo.Actions.Copying;

/// <summary>The file to copy, open, and known to lie within its storage's root.</summary>
internal sealed class SourceFile : IDisposable
{
    private readonly string shown;

    private SourceFile(OpenFile file, FileStat status, string shown)
    {
        File = file;
        Status = status;
        this.shown = shown;
    }

    public OpenFile File { get; }

    /// <summary>As it was when it was opened.</summary>
    public FileStat Status { get; }

    public long Size => Status.Size;

    public static SourceFile Open(string root, StoragePath path)
    {
        using var directory = StorageRoot.Open(root);
        OpenFile file;
        try
        {
            file = directory.OpenAt(path.Relative, OpenMode.Read);
        }
        catch (PosixException missing) when (missing.Error is SystemCalls.NotFound or SystemCalls.NotADirectory)
        {
            throw new StepFailedException($"the source {path} is not there; it was deleted or renamed, and its next event decides what follows", inner: missing);
        }
        catch (PosixException link) when (link.Error == SystemCalls.TooManySymlinks)
        {
            throw new StepFailedException($"the source {path} is a symbolic link, which is never followed; replace it by the file", final: true, link);
        }

        try
        {
            RequireWithin(directory, file, path);
            var status = file.Status();
            return status.IsRegularFile
                ? new SourceFile(file, status, path.ToString())
                : throw new StepFailedException($"the source {path} is not a regular file; only files can be copied", final: true);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Compares with the file as it was when it was opened: any write, also one that keeps size and modification time, moves the change time.</summary>
    public void RequireUnchanged()
    {
        if (File.Status() != Status)
        {
            throw new StepFailedException($"source changed: {shown} was written, renamed or deleted while it was copied; it is copied again");
        }
    }

    public void Dispose() => File.Dispose();

    // Asked of the file that is open, so that a link that is put in the way later changes nothing.
    private static void RequireWithin(OpenFile root, OpenFile file, StoragePath path)
    {
        var rootPath = root.ResolvedPath();
        byte[] inside = rootPath is [(byte)'/'] ? rootPath : [.. rootPath, (byte)'/'];
        if (!file.ResolvedPath().AsSpan().StartsWith(inside))
        {
            throw new StepFailedException(
                $"the source {path} leads out of {Encoding.UTF8.GetString(rootPath)} through a symbolic link; remove the link, or declare a storage where it leads to",
                final: true);
        }
    }
}
