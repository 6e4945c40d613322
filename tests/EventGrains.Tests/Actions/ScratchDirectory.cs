using System.Diagnostics;

namespace EventGrains.Tests.Actions;

/// <summary>A directory for one test; removed whatever names it holds.</summary>
internal sealed class ScratchDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("eventgrains-test-").FullName;

    public string Create(string name)
    {
        var path = System.IO.Path.Combine(Path, name);
        Directory.CreateDirectory(path);
        return path;
    }

    public void Dispose()
    {
        using var remove = Process.Start("/bin/rm", ["-rf", "--", Path]);
        remove.WaitForExit();
    }
}
