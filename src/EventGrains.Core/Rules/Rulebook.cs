using System.Collections.Immutable;

namespace EventGrains.Rules;

/// <summary>The rules and datasets in force, made ready for the hot path. Immutable and safe for all threads.</summary>
public sealed class Rulebook
{
    /// <summary>How many datasets one file may belong to; of more, the greatest names by ordinal order stay.</summary>
    public const int DatasetsPerFileMax = 16;

    public static readonly Rulebook Empty = new(Definitions.Empty);

    private readonly (string? Storage, CaptureTemplate Name)[] datasets;

    /// <exception cref="RuleFormatException">A dataset's name template and path do not fit, which <see cref="RuleFiles.Parse"/> would have refused.</exception>
    public Rulebook(Definitions definitions)
    {
        Definitions = definitions;
        datasets = [.. definitions.Datasets.Select(d => (d.Storage, new CaptureTemplate(d.NameTemplate, d.Path)))];
    }

    public Definitions Definitions { get; }

    /// <summary>In the order in which they were declared.</summary>
    public ImmutableArray<RuleDefinition> Rules => Definitions.Rules;

    /// <summary>The names of the datasets that a file at <paramref name="path"/> belongs to, sorted by ordinal, each once. Allocates nothing when there is none.</summary>
    /// <param name="storage">The file's storage; with null, datasets of one storage alone are left out.</param>
    public ImmutableArray<string> DatasetsOf(string? storage, string path)
    {
        var names = ImmutableArray<string>.Empty;
        foreach (var dataset in datasets)
        {
            if ((dataset.Storage is null || dataset.Storage == storage) && dataset.Name.Fill(path) is { } name)
            {
                names = With(names, name);
            }
        }

        return names;
    }

    private static ImmutableArray<string> With(ImmutableArray<string> names, string name)
    {
        var at = names.BinarySearch(name, StringComparer.Ordinal);
        if (at >= 0)
        {
            return names;
        }

        names = names.Insert(~at, name);
        return names.Length > DatasetsPerFileMax ? names.RemoveAt(0) : names;
    }
}
