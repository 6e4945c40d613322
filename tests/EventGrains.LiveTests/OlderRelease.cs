using System.Diagnostics;
using EventGrains.LiveTests;
using EventGrains.LiveTests.BadInput;

[assembly: AssemblyFixture(typeof(OlderRelease))]

namespace EventGrains.LiveTests;

/// <summary>A release from before a change of schema and of a contract, built from this repository's history; kept, so that it is built once.</summary>
/// <remarks>Where all tests run it is built beside the first of them, since whoever needs it runs last, and alone.</remarks>
public sealed class OlderRelease : IAsyncLifetime
{
    /// <summary>The last one of schema 1, whose silos do not say since when a shard is theirs.</summary>
    private const string Commit = "b55ff024bc4fe9a6ad4f3391c7fe71fb1ff1fdd2";

    private static readonly TimeSpan BuiltWithin = TimeSpan.FromSeconds(280);

    private static readonly string Kept = Path.Combine(Product.SourceTree, "tests", "EventGrains.LiveTests", "obj", "releases", Commit);

    private readonly Lazy<Task<string?>> _ready = new(Prepare);

    internal static bool IsInCi { get; } = Environment.GetEnvironmentVariable("CI") == "true";

    internal static string Executable { get; } = Path.Combine(Kept, "eventgrains.dll");

    public ValueTask InitializeAsync()
    {
        _ = IsInCi ? _ready.Value : null;
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        if (_ready.IsValueCreated)
        {
            await Task.WhenAny(_ready.Value);
        }
    }

    /// <summary>Why there is none; null when there is.</summary>
    internal Task<string?> WhyNot() => _ready.Value;

    private static async Task<string?> Prepare()
    {
        if (File.Exists(Executable))
        {
            return null;
        }

        if ((await Run("git", Product.SourceTree, "-c", "safe.directory=*", "cat-file", "-e", $"{Commit}^{{commit}}")).Exit != 0)
        {
            return $"the history here does not have {Commit}: git fetch --unshallow";
        }

        await Build();
        return null;
    }

    private static async Task Build()
    {
        var (source, output) = (Product.NewDirectory(), $"{Kept}.{Environment.ProcessId}");
        var archive = Path.Combine(source, "source.tar");
        await Must("git", Product.SourceTree, "-c", "safe.directory=*", "archive", "--output", archive, Commit);
        await Must("tar", source, "-xf", archive);

        // Servers of the compiler would outlive us, and hold the pipes that we read.
        await Must(
            "dotnet", source, "publish", "src/EventGrains.Cli", "-c", "Debug", "-o", output, "-v", "q",
            "-p:RunAnalyzers=false", $"-p:SourceRevisionId={Commit}", "-p:UseSharedCompilation=false", "-nodeReuse:false");
        await Tool.Remove(source);
        if (Directory.Exists(Kept))
        {
            await Tool.Remove(Kept);
        }

        Directory.Move(output, Kept);
    }

    private static async Task Must(string program, string directory, params string[] arguments)
    {
        var (exit, said) = await Run(program, directory, arguments);
        if (exit != 0)
        {
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {exit}:\n{said}");
        }
    }

    private static async Task<(int Exit, string Said)> Run(string program, string directory, params string[] arguments)
    {
        using var run = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = directory, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = run.StandardOutput.ReadToEndAsync();
        var errors = run.StandardError.ReadToEndAsync();
        await run.WaitForExitAsync().WaitAsync(BuiltWithin);
        return (run.ExitCode, await output + await errors);
    }
}
