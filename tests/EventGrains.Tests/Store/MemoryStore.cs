using System.Collections.Immutable;
using System.Globalization;
using EventGrains.Contracts.Datasets;
using EventGrains.Contracts.Files;
using EventGrains.Contracts.Shards;
using EventGrains.Contracts.Sources;
using EventGrains.Contracts.Status;
using EventGrains.Contracts.Transitions;
using EventGrains.Files;
using EventGrains.Rules;
using EventGrains.Silo.Store;
using EventGrains.Silo.Store.Rows;

namespace EventGrains.Tests.Store;

/// <summary>The store port in memory: simple enough to be right by reading it. Passes the same promises as the real ones.</summary>
internal sealed class MemoryStore(int shards) : IStore
{
    private readonly Lock one = new();
    private readonly Dictionary<int, long> epochs = [];
    private readonly Dictionary<int, long> sequences = [];
    private readonly SortedDictionary<long, FileState> files = [];
    private readonly List<(LoggedTransition Logged, long Number)> log = [];
    private readonly Dictionary<(int Shard, string Name), DatasetCounts> counts = [];
    private readonly SortedDictionary<string, Intent>[] intents = [.. Enumerable.Range(0, shards).Select(_ => new SortedDictionary<string, Intent>(StringComparer.Ordinal))];
    private readonly Dictionary<(int Shard, string Source, string Partition), PositionRow> positions = [];
    private readonly SortedDictionary<(string Source, string Partition), PartitionRow> partitions = [];
    private readonly SortedDictionary<string, DeadLetter> deadLetters = new(StringComparer.Ordinal);
    private readonly Dictionary<(int Shard, string Storage, string Path), AliasRow> aliases = [];
    private readonly Dictionary<(string Name, string Generation), string> rules = [];
    private readonly Dictionary<string, GrainRow> grains = [];
    private Cursor earliest = new(1, 0, -1);
    private Cursor latest = new(1, 0, -1);
    private long commitIndex;

    public int Shards => shards;

    public int History => 1;

    /// <summary>Awaited before a commit takes effect: how a test holds one open, or looks at what it carries.</summary>
    public Func<IReadOnlyList<ChangeSet>, Task>? BeforeCommit { get; set; }

    /// <summary>Awaited before files are loaded: how a test keeps a turn waiting for the store.</summary>
    public Func<IReadOnlyList<FileId>, Task>? BeforeLoad { get; set; }

    /// <summary>Awaited before intents are read, with the reader's token: how a test is inside a reading, and decides how it ends.</summary>
    public Func<CancellationToken, Task>? BeforeReadIntents { get; set; }

    /// <summary>Set, the next commit fails without effect, and all later ones until <see cref="Recover"/>.</summary>
    public bool Fails { get; set; }

    /// <summary>Keys of grain states that cannot be written.</summary>
    public Func<string, bool> RefusesGrain { get; init; } = _ => false;

    /// <summary>Files whose rows cannot be written.</summary>
    public IReadOnlyList<FileId> Refuses { get; set; } = [];

    public Task<ShardOwnership> TakeOver(int shard, CancellationToken ct = default) => Locked(() =>
    {
        var epoch = epochs[shard] = epochs.GetValueOrDefault(shard) + 1;
        var first = (long)shard << 48;
        var next = files.Keys.Where(n => n >> 48 == shard).Select(n => n + 1).DefaultIfEmpty(first).Max();
        return new ShardOwnership(shard, epoch, next, [.. positions.Values.Where(p => p.Shard == shard)], sequences.GetValueOrDefault(shard) + 1);
    });

    public async Task<FileState?[]> Load(int shard, IReadOnlyList<FileId> ids, CancellationToken ct = default)
    {
        await (BeforeLoad?.Invoke(ids) ?? Task.CompletedTask);
        return await Locked(() => ids.Select(id => ById(id)).ToArray());
    }

    public async Task<CommitOutcome> Commit(IReadOnlyList<ChangeSet> changeSets, CancellationToken ct = default)
    {
        await (BeforeCommit?.Invoke(changeSets) ?? Task.CompletedTask);
        return await CommitNow(changeSets);
    }

    private Task<CommitOutcome> CommitNow(IReadOnlyList<ChangeSet> changeSets) => Locked(() =>
    {
        if (Fails)
        {
            throw new IOException("the commit failed");
        }

        foreach (var set in changeSets)
        {
            if (set.Files.Find(f => Refuses.Contains(f.After.Id) || f.After.Facts is null) is { After: { } refused })
            {
                throw Refused(set, refused.Id);
            }

            if (set.Intents.Find(i => i.Intent.Action is null) is { Intent: { } intent })
            {
                throw Refused(set, intent.File);
            }

            if (set.Positions.Exists(p => p is null) || set.DeadLetters.Exists(d => d.Reason is null)
                || set.Aliases.Exists(a => a.File.Native is null) || set.Datasets.Exists(d => d.Counts is null))
            {
                throw Refused(set, null);
            }
        }

        var committed = changeSets.Select(set => epochs.GetValueOrDefault(set.Shard, -1) == set.Epoch).ToArray();
        var taken = changeSets.Where((set, i) => committed[i] && !set.IsEmpty).ToList();
        if (taken.Count > 0)
        {
            commitIndex++;
            var ordinal = 0;
            foreach (var set in taken)
            {
                Apply(set, ref ordinal);
            }
        }

        return new CommitOutcome(commitIndex, committed);
    });

    public Task Recover(CancellationToken ct = default)
    {
        Fails = false;
        return Task.CompletedTask;
    }

    public Task<FileState?> Find(FileId id, CancellationToken ct = default) => Locked(() => ById(id));

    public Task<IReadOnlyList<FileState>> FindByPath(string storage, string path, int limit, CancellationToken ct = default) =>
        Locked<IReadOnlyList<FileState>>(() =>
        [
            .. files.Values.Where(f => f.Id.Storage == storage && f.Facts.Path.Value == path)
                .OrderBy(f => FileSummary.Of(f).Existence == Existence.Deleted)
                .ThenByDescending(f => f.UpdatedAt)
                .ThenByDescending(f => f.Number)
                .Take(limit),
        ]);

    public Task<FilePage> List(FileQuery query, CancellationToken ct = default) => Locked(() =>
    {
        var after = long.Parse(query.After ?? "-1", CultureInfo.InvariantCulture);
        var pattern = query.Path is null ? null : new PathPattern(query.Path);
        var found = files.Values.Where(f => f.Number > after && Matches(query, pattern, f)).Take(query.Limit + 1).ToList();
        var items = found.Take(query.Limit).ToList();
        return new FilePage(items, found.Count > query.Limit ? items[^1].Number.ToString(CultureInfo.InvariantCulture) : null);
    });

    public Task<AliasRow?> FindAlias(int shard, string storage, string path, CancellationToken ct = default) =>
        Locked(() => aliases.GetValueOrDefault((shard, storage, path)));

    public Task<TransitionPage> ReadLog(Cursor after, int max, CancellationToken ct = default) => Locked(() =>
    {
        var isGap = after.History != History || (after.CompareTo(earliest) < 0 && after.Index <= earliest.Index) || after.CompareTo(latest) > 0;
        var from = after.CompareTo(latest) > 0 && after.History == History ? latest : isGap ? earliest : after;
        var items = log.Select(l => l.Logged).Where(l => l.Cursor.CompareTo(from) > 0).Take(max).ToList();
        return new TransitionPage(items, items.Count > 0 ? items[^1].Cursor : from, isGap ? new LogGap(after, from) : null);
    });

    public Task<LogEnds> ReadLogEnds(CancellationToken ct = default) => Locked(() => new LogEnds(earliest, latest));

    public Task<IReadOnlyList<LoggedTransition>> ReadHistory(FileId id, int after, int limit, CancellationToken ct = default) =>
        Locked<IReadOnlyList<LoggedTransition>>(() =>
        [
            .. log.Select(l => l.Logged).Where(l => l.Transition.Id == id && l.Transition.Version > after).OrderBy(l => l.Transition.Version).Take(limit),
        ]);

    public async Task<IntentPage> ReadIntents(int shard, string? after, int limit, CancellationToken ct = default)
    {
        await (BeforeReadIntents?.Invoke(ct) ?? Task.CompletedTask);
        return await ReadIntentsNow(shard, after, limit);
    }

    private Task<IntentPage> ReadIntentsNow(int shard, string? after, int limit) => Locked(() =>
    {
        var found = intents[shard].Where(i => after is null || string.CompareOrdinal(i.Key, after) > 0).Take(limit + 1).ToList();
        return new IntentPage([.. found.Take(limit).Select(i => i.Value)], found.Count > limit ? found[limit - 1].Key : null);
    });

    public Task<IReadOnlyList<DatasetCounts>> ReadDatasets(string? after, int limit, string? only = null, CancellationToken ct = default) =>
        Locked<IReadOnlyList<DatasetCounts>>(() =>
        [
            .. counts.Keys.Select(k => k.Name).Distinct().Order(StringComparer.Ordinal)
                .Where(name => only is null ? string.CompareOrdinal(name, after) > 0 : name == only)
                .Take(limit)
                .Select(SumOf),
        ]);

    public Task<DatasetRecount> Recount(string name, CancellationToken ct = default) => Locked(() =>
    {
        var members = files.Values.Where(f => f.Datasets.Contains(name)).ToList();
        var kept = SumOf(name);
        var recounted = new DatasetCounts(
            name,
            members.Count,
            members.GroupBy(StatusOf).ToImmutableDictionary(g => g.Key, g => (long)g.Count()),
            members.Where(f => StatusOf(f) != FileStatus.Deleted).Sum(f => f.Facts.Size.Bytes ?? 0),
            kept.UpdatedAt);
        return new DatasetRecount(kept, recounted, commitIndex);
    });

    public Task<IReadOnlyList<PositionRow>> ReadPositions(string source, string partition, CancellationToken ct = default) =>
        Locked<IReadOnlyList<PositionRow>>(() => [.. positions.Values.Where(p => p.Source == source && p.Partition == partition).OrderBy(p => p.Shard)]);

    public Task<PartitionRow> ClaimPartition(string source, string partition, CancellationToken ct = default) => Locked(() =>
    {
        var kept = partitions.GetValueOrDefault((source, partition)) ?? new PartitionRow(source, partition, 0, 0, "");
        return partitions[(source, partition)] = kept with { ReaderEpoch = kept.ReaderEpoch + 1 };
    });

    public Task<bool> SavePartition(PartitionRow row, CancellationToken ct = default) => Locked(() =>
    {
        var owns = partitions.GetValueOrDefault((row.Source, row.Partition))?.ReaderEpoch == row.ReaderEpoch;
        if (owns)
        {
            partitions[(row.Source, row.Partition)] = row;
        }

        return owns;
    });

    public Task<IReadOnlyList<PartitionRow>> ReadPartitions(string source, CancellationToken ct = default) =>
        Locked<IReadOnlyList<PartitionRow>>(() => [.. partitions.Values.Where(p => p.Source == source)]);

    public Task<DeadLetterPage> ReadDeadLetters(string? after, int limit, CancellationToken ct = default) => Locked(() =>
    {
        var found = deadLetters.Where(d => after is null || string.CompareOrdinal(d.Key, after) > 0).Take(limit + 1).ToList();
        return new DeadLetterPage([.. found.Take(limit).Select(d => d.Value)], found.Count > limit ? found[limit - 1].Key : null);
    });

    public Task<DeadLetter?> FindDeadLetter(string id, CancellationToken ct = default) =>
        Locked(() => deadLetters.Values.FirstOrDefault(d => d.Id == id));

    public Task SaveRule(string name, string generation, string specJson, CancellationToken ct = default) =>
        Locked(() => rules[(name, generation)] = specJson);

    public Task<string?> ReadRule(string name, string generation, CancellationToken ct = default) =>
        Locked(() => rules.GetValueOrDefault((name, generation)));

    public Task<long> PruneLog(long keep, CancellationToken ct = default) => Locked(() =>
    {
        var drop = (int)Math.Max(0, log.Count - keep);
        if (drop > 0)
        {
            earliest = log[drop - 1].Logged.Cursor;
            log.RemoveRange(0, drop);
        }

        return (long)drop;
    });

    public Task<IReadOnlyList<ShardOwner>> ReadShards(CancellationToken ct = default) =>
        Locked<IReadOnlyList<ShardOwner>>(() => [.. Enumerable.Range(0, shards).Select(s => new ShardOwner(s, null, epochs.GetValueOrDefault(s)))]);

    public Task<StoreFigures> ReadFigures(CancellationToken ct = default) =>
        Locked(() => new StoreFigures(new StoreView("memory", null, 0, commitIndex, 1), files.Count, log.Count, deadLetters.Count));

    public Task<GrainRow?> ReadGrain(string key, CancellationToken ct = default) => Locked(() => grains.GetValueOrDefault(key));

    public Task<bool> WriteGrain(string key, byte[]? state, long expectedVersion, CancellationToken ct = default) => Locked(() =>
    {
        if (RefusesGrain(key))
        {
            throw new IOException($"{key} cannot be written");
        }

        if ((grains.GetValueOrDefault(key)?.Version ?? 0) != expectedVersion)
        {
            return false;
        }

        grains.Remove(key);
        if (state is not null)
        {
            grains.Add(key, new GrainRow(state, expectedVersion + 1));
        }

        return true;
    });

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private void Apply(ChangeSet set, ref int ordinal)
    {
        foreach (var change in set.Files)
        {
            files[change.After.Number] = change.After;
        }

        foreach (var (i, transition) in set.Transitions.Index())
        {
            latest = new Cursor(History, commitIndex, ordinal++);
            var sequence = sequences[set.Shard] = set.FirstSequence + i;
            log.Add((new LoggedTransition(latest, transition, set.Shard, sequence), set.Files.Single(f => f.After.Id == transition.Id).After.Number));
        }

        foreach (var (intent, remove) in set.Intents)
        {
            var key = $"{intent.FileNumber:x16} {intent.Step.Rule} {intent.Step.RuleGeneration} {intent.Step.Index:d8} {intent.Step.Incarnation}";
            intents[set.Shard].Remove(key);
            if (!remove)
            {
                intents[set.Shard].Add(key, intent);
            }
        }

        foreach (var delta in set.Datasets)
        {
            var kept = counts.GetValueOrDefault((set.Shard, delta.Name)) ?? Nothing(delta.Name);
            counts[(set.Shard, delta.Name)] = Sum(kept, new DatasetCounts(
                delta.Name,
                delta.Files,
                delta.Counts.Index().ToImmutableDictionary(c => (FileStatus)c.Index, c => c.Item),
                delta.Bytes,
                delta.At));
        }

        set.Positions.ForEach(p => positions[(p.Shard, p.Source, p.Partition)] = p);
        set.DeadLetters.ForEach(d => deadLetters[d.Id] = d);
        set.Aliases.ForEach(a => aliases[(set.Shard, a.Storage, a.Path)] = a);
    }

    private static RowRefusedException Refused(ChangeSet set, FileId? file) =>
        new(set.Shard, file, new InvalidOperationException("no store can hold it"));

    private bool Matches(FileQuery query, PathPattern? pattern, FileState file) =>
        (pattern is null || (file.Facts.Path.Value is { } path && pattern.IsMatch(path)))
        && (query.Storage is null || file.Id.Storage == query.Storage)
        && (query.Dataset is null || file.Datasets.Contains(query.Dataset))
        && (query.Status is null || StatusOf(file) == query.Status)
        && ((query.StepState is null && query.Rule is null)
            || file.Steps.Any(s => (query.StepState is null || s.State == query.StepState) && (query.Rule is null || s.Key.Rule == query.Rule)));

    private static FileStatus StatusOf(FileState file) => FileSummary.Of(file).Status;

    private FileState? ById(FileId id) => files.Values.FirstOrDefault(f => f.Id == id);

    private DatasetCounts SumOf(string name) => counts.Where(c => c.Key.Name == name).Select(c => c.Value).Aggregate(Nothing(name), Sum);

    private static DatasetCounts Nothing(string name) => new(name, 0, ImmutableDictionary<FileStatus, long>.Empty, 0, default);

    private static DatasetCounts Sum(DatasetCounts a, DatasetCounts b) => new(
        a.Name,
        a.Files + b.Files,
        a.Counts.Concat(b.Counts).GroupBy(c => c.Key).Select(g => (g.Key, Sum: g.Sum(c => c.Value))).Where(g => g.Sum != 0).ToImmutableDictionary(g => g.Key, g => g.Sum),
        ShardCounts.SumOf(a.Bytes, b.Bytes),
        a.UpdatedAt >= b.UpdatedAt ? a.UpdatedAt : b.UpdatedAt);

    private Task<T> Locked<T>(Func<T> call)
    {
        lock (one)
        {
            try
            {
                return Task.FromResult(call());
            }
            catch (Exception e)
            {
                return Task.FromException<T>(e);
            }
        }
    }
}
