using System.Collections.Immutable;

namespace EventGrains.Rules;

/// <summary>placeholder until merged</summary>
public sealed class Rulebook(Definitions definitions)
{
    public ImmutableArray<RuleDefinition> Rules => definitions.Rules;

    public ImmutableArray<string> DatasetsOf(string path) => definitions.Datasets.Select(d => d.Path.Fill(d.NameTemplate, path)).OfType<string>().ToImmutableArray();
}
