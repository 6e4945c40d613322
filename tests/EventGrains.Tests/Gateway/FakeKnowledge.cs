using System.Collections.Immutable;
using EventGrains.Contracts.Actions;
using EventGrains.Contracts.Datasets;
using EventGrains.Contracts.Files;
using EventGrains.Contracts.Shards;
using EventGrains.Contracts.Sources;
using EventGrains.Contracts.Status;
using EventGrains.Contracts.Transitions;
using EventGrains.Files;
using Orleans.Runtime;

namespace EventGrains.Tests.Gateway;

/// <summary>What the grains that only answer would know: files, datasets, sources, dead letters, and how all is.</summary>
public sealed class FakeKnowledge : IFileListGrain, IDatasetListGrain, IDeadLettersGrain, IStatusGrain
{
    public List<FileState> Files { get; } = [];

    public List<LoggedTransition> History { get; } = [];

    public List<DatasetCounts> Datasets { get; } = [];

    public List<DeadLetter> DeadLetters { get; } = [];

    public FakeParked Parked { get; } = new();

    public List<FileQuery> Asked { get; } = [];

    public List<string> Commands { get; } = [];

    public Dictionary<string, Func<SourceView>> Sources { get; } = [];

    public StatusView Status { get; set; } = new("1.2.3", true, new StoreView("memory", null, 0, 7, 1), 4, 2, [], [], [new SiloView("silo-1", "S127.0.0.1:11111:1", "active", 4)], [new ShardOwner(0, "silo-1", 3, new DateTime(2026, 11, 28, 12, 0, 0, DateTimeKind.Utc))]);

    /// <summary>So often a silo that stops is met by those who ask how all is, or have steps retried.</summary>
    public int Stopping { get; set; }

    /// <summary>Why the store cannot be read, when it cannot.</summary>
    public string? Away { get; set; }

    /// <summary>Why a source does not do what it is told, when it does not.</summary>
    public string? Refuses { get; set; }

    public (long Accepted, long Rejected) Counted { get; private set; }

    public Task<FilePage> List(FileQuery query)
    {
        ThrowIfAway();
        Asked.Add(query);
        if (query.After is { } after && !int.TryParse(after, out _))
        {
            throw new FormatException("no cursor");
        }

        var skip = int.Parse(query.After ?? "0");
        var page = Files.Skip(skip).Take(query.Limit).ToList();
        return Task.FromResult(new FilePage(page, skip + page.Count < Files.Count ? $"{skip + page.Count}" : null));
    }

    public Task<IReadOnlyList<FileState>> FindByPath(string storage, WireName path) =>
        Task.FromResult<IReadOnlyList<FileState>>([.. Files.Where(f => f.Id.Storage == storage && f.Facts.Path.Value == path)]);

    public Task<IReadOnlyList<DatasetCounts>> List(string? after, int limit)
    {
        ThrowIfAway();
        return Task.FromResult<IReadOnlyList<DatasetCounts>>([.. Datasets.Where(d => string.CompareOrdinal(d.Name, after) > 0).Take(limit)]);
    }

    Task<DeadLetterPage> IDeadLettersGrain.List(string? after, int limit) => Task.FromResult(new DeadLetterPage(DeadLetters, null));

    public Task<DeadLetter?> Get(string id) => Task.FromResult(DeadLetters.Find(d => d.Id == id));

    public Task<StatusView> Get() => Stopping-- > 0 ? throw new SiloUnavailableException("its silo stops") : Task.FromResult(Status);

    public IFileGrain File(object key) => new OneFile(this, FileGrains.IdOf((string)key));

    public IDatasetGrain Dataset(object name) => new OneDataset(this, (string)name);

    public ISourceGrain Source(object name) => new OneSource(this, (string)name);

    private void ThrowIfAway()
    {
        if (Away is not null)
        {
            throw new StoreAwayException(Away);
        }
    }

    private sealed class OneFile(FakeKnowledge known, FileId id) : IFileGrain
    {
        public Task<FileState?> Get() => Task.FromResult(known.Files.Find(f => f.Id == id));

        public Task<IReadOnlyList<LoggedTransition>> GetHistory(int after, int limit) =>
            Task.FromResult<IReadOnlyList<LoggedTransition>>([.. known.History.Where(t => t.Transition.Id == id && t.Transition.Version > after).Take(limit)]);

        public Task<int> Retry(string? rule)
        {
            known.Commands.Add($"retry {id} {rule}");
            return known.Stopping-- > 0 ? throw new SiloUnavailableException("its silo stops") : Task.FromResult(2);
        }

        public Task<bool> Run(StepKey step) => throw new NotSupportedException();

        public Task<StepClaim?> Extend(StepClaim claim) => throw new NotSupportedException();

        public Task<bool> Conclude(StepClaim claim, StepOutcome outcome) => throw new NotSupportedException();
    }

    private sealed class OneDataset(FakeKnowledge known, string name) : IDatasetGrain
    {
        public Task<DatasetCounts?> Get() => Task.FromResult(known.Datasets.Find(d => d.Name == name));

        public async Task<DatasetRecount> Recount()
        {
            var kept = (await Get())!;
            return new DatasetRecount(kept, kept, 7);
        }
    }

    private sealed class OneSource(FakeKnowledge known, string name) : ISourceGrain
    {
        public Task<SourceView> Get() => Task.FromResult(known.Sources[name]());

        public Task Seek(string partition, SeekTo to, long position)
        {
            if (known.Refuses is { } why)
            {
                throw new InvalidOperationException(why);
            }

            known.Commands.Add($"seek {name} {partition} {to} {position}");
            return Task.CompletedTask;
        }

        public Task Resume(bool skipUnreadable)
        {
            known.Commands.Add($"resume {name} {skipUnreadable}");
            return Task.CompletedTask;
        }

        public Task Ping() => Task.CompletedTask;

        public Task Count(long accepted, long rejected)
        {
            known.Counted = (known.Counted.Accepted + accepted, known.Counted.Rejected + rejected);
            return Task.CompletedTask;
        }
    }
}
