using EventGrains.Rules;
using EventGrains.Silo.Posix;
using EventGrains.Silo.Status;
using EventGrains.Silo.Store;
using Microsoft.Win32.SafeHandles;

namespace EventGrains.Silo.Sources.Directories;

/// <summary>What a directory source works with.</summary>
internal sealed record DirectoryContext(
    SourceDefinition Source,
    StorageDefinition Storage,
    WatchedRoot Root,
    IStore Store,
    IShardCalls Shards,
    ICopySightings? Copies,
    SiloSettings Settings,
    Troubles Troubles,
    TimeProvider Time)
{
    public Func<IDirectoryNotices> OpenNotices { get; init; } = Inotify.Open;

    /// <summary>Whether somebody has a file open for writing, as far as the file system says.</summary>
    public Func<SafeFileHandle, Writers> WritersOf { get; init; } = PosixFile.WritersOf;

    public DateTime Now => Time.GetUtcNow().UtcDateTime;

    /// <summary>Its files are copies: they make statements on other files and are none themselves.</summary>
    public bool IsReplica => Storage.Role == StorageRole.Replica;
}

/// <summary>The root is not the one that was watched: nothing may be concluded.</summary>
internal sealed class RootLostException(string reason) : Exception(reason);

/// <summary>A scan found so much missing that somebody must say whether that is so.</summary>
internal sealed class MissingFilesException(long missing, Complaint complaint) : Exception(complaint.ToString())
{
    public long Missing { get; } = missing;

    public Complaint Complaint { get; } = complaint;
}
