using System.Diagnostics.Metrics;
using EventGrains.Contracts.Actions;
using EventGrains.Contracts.Shards;
using EventGrains.Files;
using EventGrains.Rules;
using EventGrains.Silo.Actions.Copying;
using EventGrains.Silo.Actions.Posix;

namespace EventGrains.Tests.Actions.Copying;

/// <summary>An origin storage <c>inbox</c>, a replica storage <c>mirror</c>, and what the shards would keep of aliases.</summary>
internal sealed class CopyPlace : ICopyLedger, IDisposable
{
    public static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    // Flows into the thread of the attempt that a test began, so tests that run side by side do not see each other's bytes.
    private static readonly AsyncLocal<Action<long>?> OnWritten = new();
    private static readonly MeterListener Listener = Listen();

    private readonly ScratchDirectory scratch = new();
    private readonly Dictionary<(string, string), CopyAlias> aliases = [];

    public CopyPlace()
    {
        Inbox = scratch.Create("inbox");
        Mirror = scratch.Create("mirror");
    }

    public string Inbox { get; }

    public string Mirror { get; set; }

    public bool IsClaimed { get; set; } = true;

    public List<string> Calls { get; } = [];

    public IReadOnlyCollection<CopyAlias> Aliases => aliases.Values;

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
        using var directory = PosixFile.Open(root, OpenMode.Root);
        using var file = directory.OpenAt(path[1..], OpenMode.ReadWriteCreate, 0x1A4);
        file.Truncate(0);
        file.Write(content, 0);
    }

    public static byte[] Read(string root, string path)
    {
        using var directory = PosixFile.Open(root, OpenMode.Root);
        using var file = directory.OpenAt(path[1..], OpenMode.Read);
        var content = new byte[file.Status().Identity.Size];
        file.Read(content, 0);
        return content;
    }

    public static void SetPermissions(string root, string path, uint permissions)
    {
        using var directory = PosixFile.Open(root, OpenMode.Root);
        using var file = directory.OpenAt(path[1..], OpenMode.Read);
        file.ChangeMode(permissions);
    }

    public static uint PermissionsOf(string root, string path)
    {
        using var directory = PosixFile.Open(root, OpenMode.Root);
        return directory.StatusAt(path[1..])!.Value.Permissions;
    }

    public CopyOrder Order(string path, string template = "{path}", string incarnation = "1", FileFacts? known = null, string to = "mirror")
    {
        var id = new FileId("inbox", "8-1-1");
        var facts = known ?? FileFacts.Nothing;
        var file = FileState.New(id, 1) with
        {
            Facts = FileFacts.Join(facts, new FileFacts { Incarnation = facts.Incarnation, Path = new PathRegister(PathRank.Namespace, default, path) }),
        };
        var claim = new StepClaim(id, new StepKey("mirror", "0", 0, new Incarnation(incarnation)), "replicate", 1, Noon.UtcDateTime.AddMinutes(1));
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
            return await new ReplicaCopy(order, this, new Microsoft.Extensions.Time.Testing.FakeTimeProvider(Noon)).Run(lost);
        }
        finally
        {
            OnWritten.Value = null;
        }
    }

    public Task<CopyAlias?> FindAlias(string storage, string path) => Task.FromResult(aliases.GetValueOrDefault((storage, path)));

    public Task SaveAlias(CopyAlias alias)
    {
        Calls.Add(File.Exists(InMirror(alias.Path)) ? "alias after the target was there" : "alias before the target was there");
        aliases[(alias.Storage, alias.Path)] = alias;
        return Task.CompletedTask;
    }

    /// <summary>Files that are deleted by now.</summary>
    public HashSet<FileId> Deleted { get; } = [];

    public Task<bool> IsDeleted(FileId file) => Task.FromResult(Deleted.Contains(file));

    public Task SayRemoved(CopyAlias alias, DateTime at)
    {
        Calls.Add($"{alias.File} has no copy at {alias.Storage}:{alias.Path} any more");
        return Task.CompletedTask;
    }

    public Task<bool> IsStillClaimed() => Task.FromResult(IsClaimed);

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
