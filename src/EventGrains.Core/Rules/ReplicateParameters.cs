using System.Diagnostics.CodeAnalysis;
using EventGrains.Files;

namespace EventGrains.Rules;

/// <summary>What <c>replicate</c> is told: copy the file to the storage <paramref name="To"/>, at the path that <paramref name="PathTemplate"/> makes.</summary>
/// <param name="PathTemplate">See <see cref="PlaceholderTemplate.ForReplicaPath"/>; by default the file's own path.</param>
/// <param name="Match">The rule's <c>when.path</c>, when the template uses its captures; otherwise null.</param>
public sealed record ReplicateParameters(string To, string PathTemplate, string? Match = null)
{
    public const string PathDefault = "{path}";

    /// <summary>Not written by users: the rule's <c>when.path</c> travels under it.</summary>
    internal const string MatchKey = "match";

    /// <exception cref="RuleFormatException">Not the parameters of a replicate step; the message names the field.</exception>
    public static ReplicateParameters Read(string parametersJson)
    {
        using var parameters = new ActionParameters("replicate", parametersJson);
        return new ReplicateParameters(
            parameters.Text("to") ?? throw ActionParameters.Wrong("replicate.to", "is missing"),
            parameters.Text("path") ?? PathDefault,
            parameters.Text(MatchKey));
    }

    /// <summary>Where the copy of this file belongs in the target storage.</summary>
    /// <param name="path">Absolute (below the storage's root) and normalised; never holds a <c>..</c> part.</param>
    /// <param name="error">The field and why it cannot be filled for this file.</param>
    public bool TryFillPath(FileState file, Definitions definitions, [NotNullWhen(true)] out string? path, [NotNullWhen(false)] out string? error) =>
        PlaceholderTemplate.ForReplicaPath(PathTemplate, Match is null ? null : new PathPattern(Match)).TryFill(file, definitions, out path, out error);
}
