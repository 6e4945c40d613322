namespace EventGrains.LoadTest.Product;

/// <summary>Where the built product and the action that comes with the load test lie.</summary>
/// <param name="Executable">The apphost or the dll of the CLI.</param>
/// <param name="Actions">The assembly of the <c>noop</c> action.</param>
internal sealed record ProductFiles(string Executable, string Actions)
{
    /// <summary>Published for this machine, as one with its runtime.</summary>
    public bool IsCompiledAhead => File.Exists(Path.Combine(Path.GetDirectoryName(Executable)!, "eventgrains.r2r.dll"));

    /// <summary>By default what was published along with us, unless it was built anew since; else what was built: from the same tree.</summary>
    public static ProductFiles Locate(string? executable, string? actions)
    {
        // .../PART/PROJECT/bin/CONFIGURATION/FRAMEWORK/
        var own = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        var build = Path.Combine("bin", own.Parent!.Name, own.Name);
        var root = Path.GetFullPath(Path.Combine(own.FullName, "..", "..", "..", "..", ".."));
        return new ProductFiles(
            Existing(executable ?? Newest(Path.Combine(own.FullName, "product"), Path.Combine(root, "src", "EventGrains.Cli", build)), "--product"),
            Existing(actions ?? Path.Combine(root, "loadtest", "EventGrains.Noop", build, "EventGrains.Noop.dll"), "--actions"));
    }

    /// <summary>Of what was published and what was built: a build may have left out to publish, and what is measured must be of the same tree as we are.</summary>
    internal static string Newest(string published, string built)
    {
        var program = new FileInfo(Path.Combine(published, "eventgrains.dll"));
        var isCurrent = program.Exists && Directory.EnumerateFiles(built, "*.dll").All(part => File.GetLastWriteTimeUtc(part) <= program.LastWriteTimeUtc);
        return Path.Combine(isCurrent ? published : built, "eventgrains");
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
