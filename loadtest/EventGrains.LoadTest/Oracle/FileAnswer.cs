namespace EventGrains.LoadTest.Oracle;

/// <summary>The file JSON, as far as it is compared. A contract of the product's outside, so written down here again on purpose.</summary>
internal sealed record FileAnswer(
    string Id,
    string Storage,
    string? Path,
    string Status,
    string Existence,
    string Locality,
    long? Size,
    IReadOnlyList<ReplicaAnswer> Replicas,
    IReadOnlyList<string>? TapeCopies,
    IReadOnlyList<StepAnswer> Steps,
    int Version);

internal sealed record ReplicaAnswer(string Storage, string? Pool, string State);

internal sealed record StepAnswer(string Rule, string Action, string State, int Attempts, string? Error);
