using System.Text.Json.Serialization;
using EventGrains.Files;

namespace EventGrains.Gateway.Files;

/// <summary>A file as clients see it.</summary>
/// <param name="Path">Null until it is known.</param>
/// <param name="Size">In bytes; null until it is known.</param>
/// <param name="Checksums">One value per algorithm.</param>
/// <param name="ChecksumConflicts">Algorithms of which several values were heard, each with all of them; absent when there is none.</param>
/// <param name="TapeCopies">URIs of copies on tape; absent when there is none.</param>
internal sealed record FileView(
    string Id,
    string Storage,
    string? Path,
    FileStatus Status,
    Existence Existence,
    Locality Locality,
    long? Size,
    IReadOnlyDictionary<string, string> Checksums,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyDictionary<string, IReadOnlyList<string>>? ChecksumConflicts,
    IReadOnlyList<ReplicaView> Replicas,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? TapeCopies,
    IReadOnlyList<StepView> Steps,
    IReadOnlyList<string> Datasets,
    string? Incarnation,
    int Version,
    DateTime UpdatedAt);

/// <param name="Path">Within the replica storage.</param>
/// <param name="Url">Where the replica storage has a directory as its root.</param>
/// <param name="Checksum">Written <c>adler32:0a1b2c3d</c>.</param>
/// <param name="At">When its owner said so, by the owner's clock.</param>
internal sealed record ReplicaView(
    string Storage,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Pool,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Path,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Url,
    ReplicaState State,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Checksum,
    DateTime At);

/// <param name="DueAt">Waiting: not before. Running: the attempt's deadline. Otherwise absent.</param>
internal sealed record StepView(
    string Rule,
    string Action,
    StepState State,
    int Attempts,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Error,
    DateTime At,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DateTime? DueAt);

/// <summary>A step, and whose it is.</summary>
internal sealed record FileStepView(
    string File,
    string? Path,
    string Rule,
    string Action,
    StepState State,
    int Attempts,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Error,
    DateTime At,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DateTime? DueAt);

/// <param name="Retried">How many failed steps wait again.</param>
internal sealed record RetryAnswer(string File, int Retried);
