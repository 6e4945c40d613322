namespace EventGrains.LiveTests.BadInput;

/// <summary>A file system of its own at a directory, for as long as a test needs it. Mounting needs root.</summary>
internal sealed class Mounted : IAsyncDisposable
{
    private Mounted(string path) => Path = path;

    public string Path { get; }

    private string Ballast => System.IO.Path.Combine(Path, "ballast");

    /// <summary>A disk of so many megabytes.</summary>
    public static Task<Mounted> Small(string path, int megabytes) => At(path, "a small disk", "-t", "tmpfs", "-o", $"size={megabytes}m", "tmpfs");

    /// <summary>What is in another directory, shown here too.</summary>
    public static Task<Mounted> Bound(string path, string directory) => At(path, "a directory", "--bind", directory);

    /// <summary>The same, for reading alone.</summary>
    public static async Task<Mounted> ReadOnly(string path)
    {
        var mounted = await Bound(path, path);
        var (exit, said) = await Tool.Run("mount", "-o", "remount,bind,ro", path);
        Assert.True(exit == 0, said);
        return mounted;
    }

    /// <summary>Leaves no room on it, to the last block.</summary>
    public void Fill()
    {
        var block = new byte[4096];
        using var file = new FileStream(Ballast, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            while (true)
            {
                file.Write(block);
            }
        }
        catch (IOException)
        {
            // Full: that is what was wanted.
        }
    }

    /// <summary>After <see cref="Fill"/>.</summary>
    public void MakeRoom() => File.Delete(Ballast);

    /// <summary>Unmounts as an administrator does who does not care who is in it.</summary>
    public async ValueTask DisposeAsync() => await Tool.Run("umount", "-l", Path);

    private static async Task<Mounted> At(string path, string what, params string[] options)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, $"mounting {what} needs root");
        Directory.CreateDirectory(path);
        var (exit, said) = await Tool.Run("mount", [.. options, path]);
        Assert.SkipUnless(exit == 0, $"this machine lets nobody mount {what}: {said}");
        return new Mounted(path);
    }
}
