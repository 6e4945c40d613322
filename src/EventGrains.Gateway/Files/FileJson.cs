using EventGrains.Files;
using EventGrains.Rules;

namespace EventGrains.Gateway.Files;

/// <summary>Makes what clients see of a file from its durable state.</summary>
internal static class FileJson
{
    public static FileView View(FileState file, Definitions definitions)
    {
        var summary = FileSummary.Of(file);
        var facts = file.Facts;
        return new FileView(
            file.Id.ToString(),
            file.Id.Storage,
            facts.Path.Value,
            summary.Status,
            summary.Existence,
            summary.Locality,
            facts.Size.Bytes,
            Checksums(file),
            Conflicts(file),
            [.. facts.Replicas.Select(replica => View(replica, definitions))],
            facts.TapeCopies.IsDefaultOrEmpty ? null : facts.TapeCopies,
            [.. file.Steps.Select(View)],
            file.Datasets,
            facts.Incarnation.Value,
            file.Version,
            file.UpdatedAt);
    }

    public static FileStepView View(FileState file, Step step) => new(
        file.Id.ToString(),
        file.Facts.Path.Value,
        step.Key.Rule,
        step.Action,
        step.State,
        step.Attempts,
        step.Error,
        step.At,
        DueAt(step));

    private static StepView View(Step step) =>
        new(step.Key.Rule, step.Action, step.State, step.Attempts, step.Error, step.At, DueAt(step));

    private static DateTime? DueAt(Step step) => step.State is StepState.Waiting or StepState.Running ? step.DueAt : null;

    private static ReplicaView View(Replica replica, Definitions definitions) => new(
        replica.Storage,
        replica.Pool,
        replica.Path,
        replica.Path is { } path && definitions.Storage(replica.Storage)?.Root is { } root ? UrlOf(root, path) : null,
        replica.State,
        replica.Checksum?.ToString(),
        replica.SaidAt);

    private static string UrlOf(string root, string path) =>
        "file://" + string.Join('/', $"{root.TrimEnd('/')}/{path.TrimStart('/')}".Split('/').Select(Uri.EscapeDataString));

    private static Dictionary<string, string> Checksums(FileState file)
    {
        var first = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var checksum in file.Facts.Checksums)
        {
            first.TryAdd(checksum.Algorithm, checksum.Value);
        }

        return first;
    }

    private static Dictionary<string, IReadOnlyList<string>>? Conflicts(FileState file)
    {
        var conflicts = file.Facts.Checksums
            .GroupBy(checksum => checksum.Algorithm, checksum => checksum.Value, StringComparer.Ordinal)
            .Where(values => values.Count() > 1)
            .ToDictionary(values => values.Key, values => (IReadOnlyList<string>)[.. values], StringComparer.Ordinal);
        return conflicts.Count == 0 ? null : conflicts;
    }
}
