using EventGrains.LoadTest.Product;

namespace EventGrains.Tests.LoadTest;

/// <summary>Which product is measured when none is named.</summary>
public sealed class ProductFilesTests : IDisposable
{
    private static readonly DateTime Noon = new(2026, 11, 24, 12, 0, 0, DateTimeKind.Utc);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("eventgrains-product-");

    [Theory]
    [InlineData(null, "built")]
    [InlineData(1, "published")]
    [InlineData(0, "published")]
    [InlineData(-1, "built")]
    public void What_was_published_is_measured_unless_it_was_built_anew_since(int? minutesAfterTheBuild, string measured)
    {
        var (published, built) = (_directory.CreateSubdirectory("published").FullName, _directory.CreateSubdirectory("built").FullName);
        Write(built, "eventgrains.dll", Noon.AddHours(-1));
        Write(built, "EventGrains.Silo.dll", Noon);
        if (minutesAfterTheBuild is { } minutes)
        {
            Write(published, "eventgrains.dll", Noon.AddMinutes(minutes));
        }

        Assert.Equal(Path.Combine(_directory.FullName, measured, "eventgrains"), ProductFiles.Newest(published, built));
    }

    public void Dispose() => _directory.Delete(recursive: true);

    private static void Write(string directory, string name, DateTime at)
    {
        var path = Path.Combine(directory, name);
        File.WriteAllText(path, "");
        File.SetLastWriteTimeUtc(path, at);
    }
}
