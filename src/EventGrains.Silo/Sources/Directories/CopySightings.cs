namespace EventGrains.Silo.Sources.Directories;

/// <summary>What a watched replica storage shows of a copy: there and complete, or gone.</summary>
/// <param name="Path">In the replica storage, beginning with <c>/</c>.</param>
/// <param name="SaidAt">By the file system's own clock, UTC: when the copy changed, or for one that is gone the directory that it is missed in.</param>
/// <param name="Size">Null for a copy that is gone.</param>
public sealed record CopySighting(string Source, string Storage, string Path, DateTime SaidAt, long? Size)
{
    public bool IsPresent => Size is not null;
}

/// <summary>Takes sightings of a replica storage: they become statements on the files that these paths are copies of, never files.</summary>
public interface ICopySightings
{
    /// <summary>Returns when all are durable or say nothing new; throws when they may not be, and then they come again. May come twice.</summary>
    Task Take(IReadOnlyList<CopySighting> sightings, CancellationToken ct);
}
