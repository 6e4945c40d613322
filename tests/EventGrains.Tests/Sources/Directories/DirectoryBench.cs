using EventGrains.Contracts.Shards;
using EventGrains.Events;
using EventGrains.Files;
using EventGrains.Rules;
using EventGrains.Silo;
using EventGrains.Silo.Posix;
using EventGrains.Silo.Sources;
using EventGrains.Silo.Sources.Directories;
using EventGrains.Silo.Status;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Microsoft.Win32.SafeHandles;

namespace EventGrains.Tests.Sources.Directories;

/// <summary>A watched directory of its own, and shards that join what they are told into the store at once.</summary>
internal sealed class DirectoryBench : IShardCalls, ICopySightings, IAsyncDisposable
{
    private readonly DirectoryInfo outside = Directory.CreateTempSubdirectory("eventgrains-directory-");
    private readonly List<StorageEvent> told = [];
    private readonly StorageRole role;
    private DirectorySource? source;
    private int failures;

    public DirectoryBench(StorageRole role = StorageRole.Origin)
    {
        this.role = role;
        Directory.CreateDirectory(Root);
    }

    public string Root => Path.Combine(outside.FullName, "inbox");

    public PartitionStore Store { get; } = new([new ShardModel(), new ShardModel()]);

    public SiloSettings Settings { get; } = new();

    public TimeProvider Time { get; init; } = TimeProvider.System;

    public Troubles Troubles { get; } = new();

    /// <summary>What stands between the source and the kernel's notices.</summary>
    public Func<IDirectoryNotices> OpenNotices { get; init; } = Inotify.Open;

    /// <summary>What the file system says of a file's writers.</summary>
    public Func<SafeFileHandle, Writers> WritersOf { get; init; } = PosixFile.WritersOf;

    public DirectorySource Source => source!;

    public int Count => 2;

    public List<CopySighting> Copies { get; } = [];

    /// <summary>Each change that was told: type and path (or the native id's known path).</summary>
    public IEnumerable<string> Told
    {
        get
        {
            lock (Store.Files)
            {
                return [.. told.Select(e => $"{e.Type} {Store.Files[e.File].Facts.Path.Value}")];
            }
        }
    }

    public IEnumerable<string> Live => Where(Existence.Stored);

    public IEnumerable<string> Deleted => Where(Existence.Deleted);

    public IReadOnlyList<(string Native, string Path)> LiveFiles
    {
        get
        {
            lock (Store.Files)
            {
                return [.. Store.Files.Values.Where(f => f.Facts.Existence.State == Existence.Stored).Select(f => (f.Id.Native, f.Facts.Path.Value!))];
            }
        }
    }

    public FileState this[string path]
    {
        get
        {
            lock (Store.Files)
            {
                return Store.Files.Values.Single(f => f.Facts.Path.Value == path && f.Facts.Existence.State == Existence.Stored);
            }
        }
    }

    /// <summary>Hears each change before it counts.</summary>
    public Action<StorageEvent> BeforeApply { get; set; } = _ => { };

    /// <summary>Somebody else says something of the file.</summary>
    public void Hear(string path)
    {
        lock (Store.Files)
        {
            var file = this[path];
            Store.Files[file.Id] = file with { Version = file.Version + 1 };
        }
    }

    public void FailNext(int calls) => failures = calls;

    public string PathOf(string name) => Path.Combine(Root, name);

    public string OutsidePathOf(string name) => Path.Combine(outside.FullName, name);

    public void Write(string name, string text = "content")
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(name))!);
        File.WriteAllText(PathOf(name), text);
    }

    public DirectorySource Start()
    {
        var context = new DirectoryContext(
            new SourceDefinition("inbox", SourceType.Directory, "directory", "inbox"),
            new StorageDefinition("inbox", Root, role),
            new WatchedRoot(Root), Store, this, this, Settings, Troubles, Time)
        {
            OpenNotices = OpenNotices,
            WritersOf = WritersOf,
        };
        source = new DirectorySource(context, NullLogger.Instance);
        source.Start();
        return source;
    }

    public async Task StartAndScan()
    {
        Start();
        await Scanned(1);
    }

    /// <summary>Makes a file and takes it away again: once that is told, so is all that vanished before.</summary>
    public async Task ConcludesUpTo(string name)
    {
        Write(name);
        await Eventually.Is(() => Live.Contains($"/{name}"), () => $"{name} is not seen");
        File.Delete(PathOf(name));
        await Eventually.Is(() => Deleted.Contains($"/{name}"), () => $"{name} is not deleted");
    }

    /// <summary>Waits while the clock goes on, slowly enough that nothing settles by it.</summary>
    public Task Passing(Func<bool> condition) => Eventually.Is(
        () =>
        {
            ((FakeTimeProvider)Time).Advance(TimeSpan.FromMilliseconds(5));
            return condition();
        },
        () => $"still waiting at {Time.GetUtcNow():O}; {string.Join(", ", Told)}");

    public Task Scanned(int scans) => Eventually.Is(() => source!.Scans >= scans, () => $"{source!.Scans} scans, {source.View.State} {source.View.Reason}");

    public async Task Stop() => await source!.DisposeAsync();

    public Task<ApplyAnswer> Apply(int shard, EventBatch batch)
    {
        if (Interlocked.Decrement(ref failures) >= 0)
        {
            throw new TimeoutException("no answer");
        }

        lock (Store.Files)
        {
            foreach (var item in batch.Events)
            {
                BeforeApply(item);
                var before = Store.Files.GetValueOrDefault(item.File) ?? new FileState { Number = 0, Id = item.File };
                var joined = FileFacts.Join(before.Facts, item.Says);
                Store.Files[item.File] = before with { Facts = joined, Version = before.Version + 1 };
                told.Add(item);
            }
        }

        return Task.FromResult(new ApplyAnswer([]));
    }

    public Task<RangeAnswer> ApplyRange(int shard, EventRange range) => throw new NotSupportedException();

    public Task Take(IReadOnlyList<CopySighting> sightings, CancellationToken ct)
    {
        lock (Copies)
        {
            Copies.AddRange(sightings);
        }

        return Task.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        if (source is not null)
        {
            await source.DisposeAsync();
        }

        outside.Delete(recursive: true);
    }

    private string[] Where(Existence existence)
    {
        lock (Store.Files)
        {
            return [.. Store.Files.Values.Where(f => f.Facts.Existence.State == existence).Select(f => f.Facts.Path.Value!).Order(StringComparer.Ordinal)];
        }
    }
}
