namespace EventGrains.LoadTest.Product;

/// <summary>Where the built product and the action that comes with the load test lie.</summary>
/// <param name="Executable">The apphost or the dll of the CLI.</param>
/// <param name="Actions">The assembly of the <c>noop</c> action.</param>
internal sealed record ProductFiles(string Executable, string Actions)
{
    /// <summary>By default what was built along with us: the same configuration and framework, from the same tree.</summary>
    public static ProductFiles Locate(string? executable, string? actions)
    {
        // .../PART/PROJECT/bin/CONFIGURATION/FRAMEWORK/
        var own = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        var build = Path.Combine("bin", own.Parent!.Name, own.Name);
        var root = Path.GetFullPath(Path.Combine(own.FullName, "..", "..", "..", "..", ".."));
        return new ProductFiles(
            Existing(executable ?? Path.Combine(root, "src", "EventGrains.Cli", build, "eventgrains"), "--product"),
            Existing(actions ?? Path.Combine(root, "loadtest", "EventGrains.Noop", build, "EventGrains.Noop.dll"), "--actions"));
    }

    private static string Existing(string path, string option)
    {
        if (File.Exists(path))
        {
            return path;
        }

        return File.Exists(path + ".dll")
            ? path + ".dll"
            : throw new FileNotFoundException($"'{path}' does not exist; build the solution in the same configuration, or name the file with {option}");
    }
}
