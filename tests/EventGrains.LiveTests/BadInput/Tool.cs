using System.ComponentModel;
using System.Diagnostics;

namespace EventGrains.LiveTests.BadInput;

/// <summary>Programs of the system that a test needs besides the product.</summary>
internal static class Tool
{
    public static async Task<(int Exit, string Said)> Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(Product.Patience);
        return (process.ExitCode, await output + await errors);
    }

    /// <summary>Removes a directory with all in it, also what has a name that .NET cannot say.</summary>
    public static Task Remove(string directory) => Run("rm", "-rf", "--", directory);

    public static bool IsThere(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(directory => File.Exists(Path.Combine(directory, program)));
}
