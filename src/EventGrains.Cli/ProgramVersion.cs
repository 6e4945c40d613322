using System.Reflection;

namespace EventGrains.Cli;

/// <summary>Which program this is: its version, the commit it was built from, and the schema of the stores it writes.</summary>
internal static class ProgramVersion
{
    private static readonly string[] Informational =
        (typeof(ProgramVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0").Split('+', 2);

    public static string Version => Informational[0];

    /// <summary>The build's source revision; <c>unknown</c> when it was built outside a repository.</summary>
    public static string Commit => Informational.Length > 1 ? Informational[1] : "unknown";

    public static int StoreSchema => Silo.Store.StoreSchema.Version;

    public static string Line => $"eventgrains {Version} (commit {Commit}, store schema {StoreSchema})";
}
