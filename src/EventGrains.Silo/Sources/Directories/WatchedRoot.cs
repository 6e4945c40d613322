using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using EventGrains.Silo.Posix;
using Microsoft.Win32.SafeHandles;

namespace EventGrains.Silo.Sources.Directories;

/// <summary>How a root was at first sight; kept in the source's partition row.</summary>
/// <param name="Marker">What the marker file holds; null where none could be written.</param>
internal sealed record RootNotes(ulong Device, ulong Inode, string? Marker)
{
    public static RootNotes? Read(string? detail) =>
        string.IsNullOrEmpty(detail) ? null : JsonSerializer.Deserialize(detail, RootNotesJson.Default.RootNotes);

    public string Write() => JsonSerializer.Serialize(this, RootNotesJson.Default.RootNotes);
}

[JsonSerializable(typeof(RootNotes))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
internal sealed partial class RootNotesJson : JsonSerializerContext;

/// <summary>What a look beneath the root found.</summary>
internal enum Sight : byte
{
    Seen,

    /// <summary>ENOENT, beneath a root and on a device that are the known ones.</summary>
    Absent,

    /// <summary>Something else: no proof of anything.</summary>
    CannotTell,
}

/// <summary>The root of a watched directory: the same one that was seen first, or nothing is concluded. Looks beneath it follow no link.</summary>
internal sealed class WatchedRoot(string path)
{
    public const string MarkerName = ".eventgrains-root";
    public const string PartSuffix = ".eventgrains-part";

    public string Path { get; } = path.TrimEnd('/');

    public RootNotes? Notes { get; set; }

    /// <summary>Our own files are not announced.</summary>
    public static bool IsOurs(string name) => name == MarkerName || name.EndsWith(PartSuffix, StringComparison.Ordinal);

    /// <summary>Remembers the root as it is now, and marks it.</summary>
    /// <exception cref="IOException">It is not there or no directory.</exception>
    public RootNotes Adopt()
    {
        if (!PosixFile.TryStat(Path + "/.", out var stat, out var error))
        {
            throw PosixFile.Failed($"the directory {Path} cannot be looked at", error);
        }

        return Notes = new RootNotes(stat.Identity.Device, stat.Identity.Inode, Mark());
    }

    /// <summary>Null when the root is the known one; otherwise what is wrong with it, and then no absence means anything.</summary>
    public string? Trouble()
    {
        if (Notes is null)
        {
            return $"{Path} was never looked at";
        }

        if (!PosixFile.TryStat(Path + "/.", out var stat, out var error))
        {
            return $"{Path} cannot be looked at: {SystemCalls.Explain(error)}";
        }

        if (stat.Identity.Device != Notes.Device || stat.Identity.Inode != Notes.Inode)
        {
            return $"{Path} is another directory than the one that was watched: is its disk mounted?";
        }

        return Notes.Marker is null || Notes.Marker == ReadMarker() ? null : $"{Path}/{MarkerName} is missing or another one: is its disk mounted?";
    }

    /// <summary>Looks at a path (beginning with <c>/</c>) beneath the root, part by part, so that no link leads out of it.</summary>
    public Sight Look(string relative, out FileStat stat) => Look(relative, null, out stat);

    /// <param name="device">Where the file was: absence on another device, where one was unmounted, proves nothing.</param>
    public Sight Look(string relative, ulong? device, out FileStat stat)
    {
        stat = default;
        using var directory = OpenParent(relative, out var name, out var error);
        if (directory is not null && PosixFile.TryStat(directory, name, out stat, out error))
        {
            return Sight.Seen;
        }

        return error == SystemCalls.NotFound && (device is null || device == NearestDevice(relative)) ? Sight.Absent : Sight.CannotTell;
    }

    /// <summary>Opens a file beneath the root for reading; null when it cannot be.</summary>
    public SafeFileHandle? TryOpen(string relative, out int error)
    {
        using var directory = OpenParent(relative, out var name, out error);
        return directory is null ? null : PosixFile.TryOpen(directory, name, out error);
    }

    public SafeFileHandle? TryOpenDirectory(string relative, out int error)
    {
        if (relative.Length == 0)
        {
            return OpenRoot(out error);
        }

        using var directory = OpenParent(relative, out var name, out error);
        return directory is null ? null : PosixFile.TryOpenDirectory(directory, name, out error);
    }

    /// <summary>The time by the clock of the file system: when the nearest directory that is still there last changed.</summary>
    public DateTime ClockNear(string relative) => Nearest(relative) is { } stat ? stat.ChangedAt : DateTime.UnixEpoch;

    private ulong? NearestDevice(string relative) => Nearest(relative)?.Identity.Device;

    private FileStat? Nearest(string relative)
    {
        for (var slash = relative.LastIndexOf('/'); slash >= 0; slash = slash == 0 ? -1 : relative.LastIndexOf('/', slash - 1))
        {
            using var directory = TryOpenDirectory(relative[..slash], out _);
            if (directory is not null)
            {
                return PosixFile.Stat(directory);
            }
        }

        return null;
    }

    private SafeFileHandle? OpenRoot(out int error) => PosixFile.TryOpenDirectory(Path + "/.", out error);

    private SafeFileHandle? OpenParent(string relative, out string name, out int error)
    {
        var directory = OpenRoot(out error);
        var begin = 1;
        for (var slash = relative.IndexOf('/', begin); directory is not null && slash >= 0; slash = relative.IndexOf('/', begin))
        {
            var next = PosixFile.TryOpenDirectory(directory, relative[begin..slash], out error);
            directory.Dispose();
            directory = next;
            begin = slash + 1;
        }

        name = relative[begin..];
        return directory;
    }

    private string? Mark()
    {
        if (ReadMarker() is { } marker)
        {
            return marker;
        }

        try
        {
            var token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
            File.WriteAllText($"{Path}/{MarkerName}", token);
            return token;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // A read-only root is told by its device and inode alone.
            return null;
        }
    }

    private string? ReadMarker()
    {
        using var file = PosixFile.TryOpen($"{Path}/{MarkerName}", out _);
        if (file is null)
        {
            return null;
        }

        var bytes = new byte[256];
        var text = Encoding.ASCII.GetString(bytes.AsSpan(0, RandomAccess.Read(file, bytes, 0))).Trim();
        return text.Length == 0 ? null : text;
    }
}
