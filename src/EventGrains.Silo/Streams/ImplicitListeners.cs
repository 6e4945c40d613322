using Orleans.Metadata;
using Orleans.Streams;

namespace EventGrains.Silo.Streams;

/// <summary>Whether any grain class of the cluster has an <c>[ImplicitStreamSubscription]</c> to a namespace.</summary>
/// <remarks>Asks what the silos say of their grain classes, as Orleans itself does when it looks for a stream's subscribers.</remarks>
internal sealed class ImplicitListeners(GrainBindingsResolver bindings, IEnumerable<IStreamNamespacePredicateProvider> predicates)
{
    private volatile Answers? _answers;

    public bool Has(string streamNamespace)
    {
        var (version, all) = bindings.GetAllBindings();
        if (_answers is not { } answers || answers.Version != version)
        {
            var patterns = all.Values.SelectMany(b => b.Bindings)
                .Where(b => b.TryGetValue("type", out var type) && type == "stream" && b.ContainsKey("pattern"))
                .Select(b => b["pattern"]).Distinct();
            _answers = answers = new Answers(version, [.. patterns.Select(Predicate).OfType<IStreamNamespacePredicate>()]);
        }

        return answers.Predicates.Exists(p => p.IsMatch(streamNamespace));
    }

    private IStreamNamespacePredicate? Predicate(string pattern)
    {
        foreach (var provider in predicates)
        {
            if (provider.TryGetPredicate(pattern, out var predicate))
            {
                return predicate;
            }
        }

        return null;
    }

    private sealed record Answers(MajorMinorVersion Version, List<IStreamNamespacePredicate> Predicates);
}
