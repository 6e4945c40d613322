namespace EventGrains.LiveTests.BadInput;

/// <summary>A disk that fails when it is told to: the program's own calls on one directory's files end with the system's errors.</summary>
/// <remarks><c>faults.c</c> is compiled for each test and loaded before the program's libraries; it needs gcc.</remarks>
internal sealed class FaultyDisk
{
    private readonly string _faults;
    private readonly string _library;
    private readonly string _directory;

    private FaultyDisk(string home, string directory)
    {
        _directory = Path.Combine(home, directory);
        _faults = Directory.CreateDirectory(Path.Combine(home, "faults")).FullName;
        _library = Path.Combine(_faults, "faults.so");
    }

    /// <summary>What a process must be started with to meet the faults.</summary>
    public IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string>
    {
        ["LD_PRELOAD"] = _library,
        ["FAULTS"] = _faults,
        ["FAULTS_WITHIN"] = _directory,
    };

    /// <summary>Under a directory of a test's home, which need not exist yet. Skips the test where there is no gcc.</summary>
    public static async Task<FaultyDisk> Under(string home, string directory)
    {
        Assert.SkipUnless(Tool.IsThere("gcc"), "no gcc to build a failing disk with: apt-get install gcc libc6-dev");
        var disk = new FaultyDisk(home, directory);
        var source = Path.Combine(Product.SourceTree, "tests", "EventGrains.LiveTests", "BadInput", "faults.c");
        var (exit, said) = await Tool.Run("gcc", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", disk._library, source, "-ldl");
        Assert.True(exit == 0, said);
        return disk;
    }

    /// <summary>The next sync of a log fails; answers whether that has happened.</summary>
    /// <param name="isLost">Whether what it should have kept is gone too. A system may do either, and the program cannot know which.</param>
    public Func<bool> FailNextSync(bool isLost)
    {
        var told = Path.Combine(_faults, isLost ? "sync-and-lose" : "sync");
        File.WriteAllText(told, "");
        return () => !File.Exists(told);
    }

    /// <summary>As a file system that was mounted again for reading alone after an error.</summary>
    public void BecomeReadOnly() => File.WriteAllText(Path.Combine(_faults, "read-only"), "");

    public void BecomeWritable() => File.Delete(Path.Combine(_faults, "read-only"));
}
