using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using EventGrains.LoadTest.Product;

namespace EventGrains.LoadTest.Report;

/// <summary>Where and of what a result was measured; without it a figure means nothing.</summary>
internal sealed record Surroundings(string Machine, string Commit)
{
    public static Surroundings Of(ProductFiles product) =>
        new($"{DescribeMachine()}, the product {(product.IsCompiledAhead ? "compiled ahead" : "as built")}", DescribeCommit());

    private static string DescribeMachine()
    {
        var model = Field("/proc/cpuinfo", "model name") ?? RuntimeInformation.ProcessArchitecture.ToString();
        var memory = long.TryParse(Field("/proc/meminfo", "MemTotal")?.Split(' ')[0], CultureInfo.InvariantCulture, out var kilobytes) ? kilobytes >> 20 : 0;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{Environment.ProcessorCount} x {model}, {memory} GiB, {RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}");
    }

    private static string? Field(string file, string name) =>
        File.Exists(file)
            ? File.ReadLines(file).FirstOrDefault(l => l.StartsWith(name, StringComparison.Ordinal))?.Split(':', 2)[1].Trim()
            : null;

    private static string DescribeCommit()
    {
        try
        {
            var start = new ProcessStartInfo("git", ["describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                WorkingDirectory = AppContext.BaseDirectory,
            };
            using var git = Process.Start(start)!;
            var commit = git.StandardOutput.ReadToEnd().Trim();
            git.WaitForExit();
            return git.ExitCode == 0 ? commit : "unknown";
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "unknown";
        }
    }
}
