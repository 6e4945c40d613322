using System.Runtime.CompilerServices;

namespace EventGrains.Tests;

/// <summary>Where the sources stand that these tests were built from.</summary>
internal static class SourceTree
{
    public static readonly string Root = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(ThisFile())!, "..", ".."));

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
