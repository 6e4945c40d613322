using EventGrains.Files;
using EventGrains.Gateway.Http;
using EventGrains.Rules;

namespace EventGrains.Gateway.Transitions;

/// <summary>Which transitions a client asked for: any of the paths, and any of the datasets, and any of the kinds; what was not given asks nothing.</summary>
internal sealed class TransitionFilter
{
    /// <summary>Each is looked at for each transition, so a client may not give more.</summary>
    public const int ValuesMax = 32;

    private readonly PathPattern[] paths;
    private readonly string[] datasets;
    private readonly HashSet<TransitionKind> kinds;

    public TransitionFilter(IEnumerable<string> paths, IEnumerable<string> datasets, IEnumerable<TransitionKind> kinds)
    {
        this.paths = [.. paths.Select(path => new PathPattern(path))];
        this.datasets = [.. datasets];
        this.kinds = [.. kinds];
    }

    /// <exception cref="ProblemException">400: an unknown kind, a pattern that is none, or too many values.</exception>
    public static TransitionFilter Of(IQueryCollection query)
    {
        try
        {
            return new TransitionFilter(Values(query, "path"), Values(query, "dataset"), Values(query, "kind").Select(word => Queries.ParseWord<TransitionKind>("kind", word)));
        }
        catch (FormatException failure)
        {
            throw ProblemException.BadRequest($"path: {failure.Message}", "write a glob such as /runs/**/*.h5");
        }
    }

    public bool Matches(Transition transition) =>
        (kinds.Count == 0 || kinds.Contains(transition.Kind))
        && (datasets.Length == 0 || IsIn(transition))
        && (paths.Length == 0 || IsUnder(transition.Path));

    private bool IsIn(Transition transition)
    {
        foreach (var dataset in datasets)
        {
            if (transition.Datasets.Contains(dataset))
            {
                return true;
            }
        }

        return false;
    }

    private bool IsUnder(string? path)
    {
        if (path is null)
        {
            return false;
        }

        foreach (var pattern in paths)
        {
            if (pattern.IsMatch(path))
            {
                return true;
            }
        }

        return false;
    }

    private static string[] Values(IQueryCollection query, string name)
    {
        string[] values = [.. query[name].Where(value => !string.IsNullOrEmpty(value))!];
        return values.Length <= ValuesMax
            ? values
            : throw ProblemException.BadRequest($"{name}: given {values.Length} times", $"give at most {ValuesMax}; a wider pattern or a second connection serves");
    }
}
