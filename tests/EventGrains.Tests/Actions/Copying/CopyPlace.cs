using System.Diagnostics.Metrics;
using EventGrains.Contracts.Actions;
using EventGrains.Contracts.Shards;
using EventGrains.Files;
using EventGrains.Rules;
using EventGrains.Silo.Actions;
using EventGrains.Silo.Actions.Copying;
using EventGrains.Silo.Posix;
using Microsoft.Extensions.Time.Testing;

namespace EventGrains.Tests.Actions.Copying;

/// <summary>An origin storage <c>inbox</c>, a replica storage <c>mirror</c>, and what the shards would keep of aliases.</summary>
internal sealed class CopyPlace : ICopyLedger, IDisposable
{
    // Flows into the thread of the attempt that a test began, so tests that run side by side do not see each other's bytes.
    private static readonly AsyncLocal<Action<long>?> OnWritten = new();
    private static readonly MeterListener Listener = Listen();

    private readonly ScratchDirectory scratch = new();
    private readonly Dictionary<(string, string), CopyAlias> aliases = [];
    private readonly DateTimeOffset begun;

    public CopyPlace()
    {
        Inbox = scratch.Create("inbox");
        Mirror = scratch.Create("mirror");
        begun = Directory.GetLastWriteTimeUtc(Mirror);
    }

    /// <summary>How far our clock is ahead of the file system's.</summary>
    public TimeSpan Skew { get; set; }

    public string Inbox { get; }

    public string Mirror { get; set; }

    public bool IsClaimed { get; set; } = true;

    public List<string> Calls { get; } = [];

    /// <summary>What is known of other files than the one that is copied.</summary>
    public Dictionary<FileId, FileState> Files { get; } = [];

    public List<(CopyAlias Alias, DateTime At)> SaidRemoved { get; } = [];

    /// <summary>Called before each call of the ledger, with its name; may throw for it.</summary>
    public Action<string>? OnCall { get; set; }

    /// <summary>Whose copies the paths are; those under the name of a part left out.</summary>
    public IReadOnlyCollection<CopyAlias> Aliases => [.. aliases.Values.Where(a => !a.Path.EndsWith(StoragePath.PartSuffix, StringComparison.Ordinal))];

    public IEnumerable<string> Parts => Directory.EnumerateFiles(Mirror, "*.eventgrains-part", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 });

    public string InInbox(string path) => Inbox + path;

    public string InMirror(string path) => Mirror + path;

    public static byte[] Content(int length, int seed = 1)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    /// <summary>Writes a file whose name may be any bytes.</summary>
    public static void Write(string root, string path, byte[] content)
    {
        using var directory = OpenFile.Open(root, OpenMode.Root);
        using var file = directory.OpenAt(path[1..], OpenMode.ReadWriteCreate, 0x1A4);
        file.Truncate(0);
        file.Write(content, 0);
    }

    public static byte[] Read(string root, string path)
    {
        using var directory = OpenFile.Open(root, OpenMode.Root);
        using var file = directory.OpenAt(path[1..], OpenMode.Read);
        var content = new byte[file.Status().Size];
        file.Read(content, 0);
        return content;
    }

    public static void SetPermissions(string root, string path, uint permissions)
    {
        using var directory = OpenFile.Open(root, OpenMode.Root);
        using var file = directory.OpenAt(path[1..], OpenMode.Read);
        file.ChangeMode(permissions);
    }

    public static uint PermissionsOf(string root, string path)
    {
        using var directory = OpenFile.Open(root, OpenMode.Root);
        return directory.StatusAt(path[1..])!.Value.Permissions;
    }

    /// <summary>By the clock of the file system.</summary>
    public static DateTime ChangedAt(string root, string path)
    {
        using var directory = OpenFile.Open(root, OpenMode.Root);
        return path == "/" ? directory.Status().ChangedAt : directory.StatusAt(path[1..])!.Value.ChangedAt;
    }

    public CopyOrder Order(
        string path, string template = "{path}", string incarnation = "1", FileFacts? known = null, string to = "mirror", string native = "8-1-1")
    {
        var id = new FileId("inbox", native);
        var facts = known ?? FileFacts.Nothing;
        var file = FileState.New(id, 1) with
        {
            Facts = FileFacts.Join(facts, new FileFacts { Incarnation = facts.Incarnation, Path = new PathRegister(PathRank.Namespace, default, path) }),
        };
        var claim = new StepClaim(id, new StepKey("mirror", "0", 0, new Incarnation(incarnation)), "replicate", 1, begun.UtcDateTime.AddMinutes(1));
        var parameters = System.Text.Json.JsonSerializer.Serialize(new { to, path = template });
        return CopyOrder.From(new ActionRequest(claim, parameters, file), new Definitions
        {
            Storages = [new("inbox", Inbox, StorageRole.Origin), new("mirror", Mirror, StorageRole.Replica), new("tape", null, StorageRole.Replica)],
        });
    }

    /// <param name="onWritten">Called on the attempt's own thread after each chunk, with the bytes written so far.</param>
    public async Task<StepOutcome> Copy(CopyOrder order, Action<long>? onWritten = null, CancellationToken lost = default)
    {
        long written = 0;
        OnWritten.Value = bytes => onWritten?.Invoke(written += bytes);
        try
        {
            return await new ReplicaCopy(order, this, new FakeTimeProvider(begun + Skew)).Run(lost);
        }
        finally
        {
            OnWritten.Value = null;
        }
    }

    public Task<CopyAlias?> FindAlias(string storage, string path)
    {
        OnCall?.Invoke(nameof(FindAlias));
        return Task.FromResult(aliases.GetValueOrDefault((storage, path)));
    }

    public Task SaveAlias(CopyAlias alias)
    {
        OnCall?.Invoke(nameof(SaveAlias));
        Calls.Add(alias.Path.EndsWith(StoragePath.PartSuffix, StringComparison.Ordinal) ? "alias of the part" :
            File.Exists(InMirror(alias.Path)) ? "alias after the target was there" : "alias before the target was there");
        aliases[(alias.Storage, alias.Path)] = alias;
        return Task.CompletedTask;
    }

    /// <summary>A file of the storage <c>inbox</c> that is known to be at a path, or to have been there.</summary>
    /// <param name="copying">The step that copies it; null when it has none.</param>
    public void Know(string file, string path, Existence existence = Existence.Stored, Step? copying = null)
    {
        var id = new FileId("inbox", file);
        Files[id] = FileState.New(id, 1) with
        {
            Steps = copying is null ? [] : [copying],
            Facts = new FileFacts { Existence = new ExistenceRegister(existence), Path = new PathRegister(PathRank.Namespace, default, path) },
        };
    }

    public static Step Copying(StepState state, int attempts = 1, string to = "mirror", string incarnation = "1") => new()
    {
        Key = new StepKey("mirror", "0", 0, new Incarnation(incarnation)),
        Action = "replicate",
        Target = to,
        State = state,
        Attempts = attempts,
    };

    public Task<FileState?> Find(FileId file) => Task.FromResult(Files.GetValueOrDefault(file));

    public Task SayRemoved(CopyAlias alias, DateTime at)
    {
        OnCall?.Invoke(nameof(SayRemoved));
        SaidRemoved.Add((alias, at));
        Calls.Add($"{alias.File} has no copy at {alias.Storage}:{alias.Path} any more");
        return Task.CompletedTask;
    }

    public Task<bool> IsStillClaimed()
    {
        OnCall?.Invoke(nameof(IsStillClaimed));
        return Task.FromResult(IsClaimed);
    }

    public void Dispose() => scratch.Dispose();

    private static MeterListener Listen()
    {
        var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Name == "eventgrains_copied_bytes_total")
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((_, bytes, _, _) => OnWritten.Value?.Invoke(bytes));
        listener.Start();
        return listener;
    }
}
