using EventGrains.Silo.Posix;
using Microsoft.Extensions.Logging;

namespace EventGrains.Silo.Actions.Commands;

/// <summary>Gives each attempt of a command an empty directory of its own, and takes it away afterwards.</summary>
/// <remarks>What an earlier process left is removed with the first directory asked for: by then this process owns the data directory.</remarks>
internal sealed partial class WorkingDirectories(string dataDirectory, ILogger<WorkingDirectories> logger)
{
    private readonly string root = Path.Combine(Path.GetFullPath(dataDirectory), "run");
    private readonly Lock gate = new();
    private bool isClean;

    public WorkingDirectory Create()
    {
        lock (gate)
        {
            if (!isClean)
            {
                Remove(root);
                CreatePrivate(root);
                isClean = true;
            }
        }

        var path = Path.Combine(root, Guid.NewGuid().ToString("N"));
        CreatePrivate(path);
        return new WorkingDirectory(path, () => Remove(path));
    }

    private static void CreatePrivate(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            throw new PlatformNotSupportedException("commands run on Linux alone");
        }

        Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private static bool RemoveEmpty(string directory)
    {
        try
        {
            Directory.Delete(directory);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    // Not .NET's own way through the tree: a command may leave names that are no UTF-8, which .NET cannot name.
    private void Remove(string directory)
    {
        if (!Directory.Exists(directory) || RemoveEmpty(directory))
        {
            return;
        }

        using var nothing = OpenFile.Open("/dev/null", OpenMode.ReadWriteCreate);
        var end = ChildProcess.Start("/bin/rm", ["rm", "-rf", "--", directory], [], (nothing, 0), (nothing, 1), (nothing, 2)).Reap();
        if (Directory.Exists(directory))
        {
            LogNotRemoved(logger, directory, end.ExitCode);
        }
    }

    [LoggerMessage(LogLevel.Warning, "The working directory {Directory} could not be removed (rm ended with {ExitCode}); the next start tries again")]
    private static partial void LogNotRemoved(ILogger logger, string directory, int? exitCode);
}

/// <summary>One attempt's; removed when disposed of.</summary>
internal sealed class WorkingDirectory(string path, Action remove) : IDisposable
{
    public string Path => path;

    public void Dispose() => remove();
}
