using EventGrains.Files;

namespace EventGrains.Events;

/// <summary>What one record of a source says of one file.</summary>
/// <param name="File">The file it speaks of.</param>
/// <param name="Type">The record's own type (<c>transfer</c>, <c>s3:ObjectCreated:Put</c>), for counting and for a transition's cause.</param>
/// <param name="Says">The facts it states: applying the event is joining them, so order and repetition mean nothing.</param>
[GenerateSerializer, Immutable, Alias("EventGrains.StorageEvent")]
public sealed record StorageEvent([property: Id(0)] FileId File, [property: Id(1)] string Type, [property: Id(2)] FileFacts Says);
