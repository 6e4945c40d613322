using System.Reflection;
using EventGrains.Cli.Output;

namespace EventGrains.Cli.Hosting;

/// <summary>Assemblies with action grains of workflow engineers, loaded before the silo is built.</summary>
internal static class ActionAssemblies
{
    public static IReadOnlyList<Assembly> Load(Surroundings surroundings, IEnumerable<string> files) =>
        files.Select(file =>
        {
            try
            {
                return Assembly.LoadFrom(surroundings.PathOf(file));
            }
            catch (Exception e) when (e is IOException or BadImageFormatException or UnauthorizedAccessException)
            {
                throw new VerbFailure(
                    ExitCode.Usage,
                    $"Cannot load the actions in '{Printable.Of(file)}': {e.Message}\nName an assembly built for .NET 10 that references EventGrains.Contracts, with its dependencies beside it.",
                    e);
            }
        }).ToList();
}
