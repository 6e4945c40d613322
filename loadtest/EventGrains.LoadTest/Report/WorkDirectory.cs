using System.Globalization;

namespace EventGrains.LoadTest.Report;

/// <summary>A directory of our own, gone at the end; kept when the run failed, for whoever must find out why.</summary>
internal sealed class WorkDirectory : IDisposable
{
    public WorkDirectory(string? parent)
    {
        Path = Directory.CreateDirectory(System.IO.Path.Combine(
            parent ?? System.IO.Path.GetTempPath(),
            string.Create(CultureInfo.InvariantCulture, $"eventgrains-loadtest-{Environment.ProcessId}"))).FullName;
    }

    public string Path { get; }

    public bool Keep { get; set; }

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public string MakeDirectory(string name) => Directory.CreateDirectory(File(name)).FullName;

    public void Dispose()
    {
        if (Keep)
        {
            Console.WriteLine($"kept {Path}");
        }
        else
        {
            Directory.Delete(Path, recursive: true);
        }
    }
}
