using System.IO.Hashing;
using System.Runtime.InteropServices;
using EventGrains.Contracts.Shards;
using EventGrains.Files;
using EventGrains.Silo.Store.Rows;

namespace EventGrains.Silo.Store.Postgres;

/// <summary>The rows of one commit, gathered from its change sets: each row once, as the last change set left it.</summary>
/// <remarks>For the one committer; cleared and used again.</remarks>
internal sealed class CommitRows
{
    private readonly Dictionary<long, int> placeOfFile = [];
    private readonly Dictionary<FileId, long> numbers = [];
    private readonly RowWriter row = new();

    public List<FileRow> Files { get; } = [];

    public Dictionary<(int Shard, long Hash), (string Storage, string Path)> Directories { get; } = [];

    public List<TransitionRow> Transitions { get; } = [];

    /// <summary>Null: the intent goes.</summary>
    public Dictionary<(int Shard, long Number, StepKey Step), byte[]?> Intents { get; } = [];

    /// <summary>What the commit adds to each dataset. In one row for all its shards: a dataset's rows are only ever summed.</summary>
    public Dictionary<string, ShardCounts> Counts { get; } = new(StringComparer.Ordinal);

    public Dictionary<(int Shard, long Hash), PositionRow> Positions { get; } = [];

    public Dictionary<(string Source, long Partition, long Generation, long Position, long Hash), byte[]> DeadLetters { get; } = [];

    public Dictionary<(int Shard, long Hash), (AliasRow Row, byte[] Alias)> Aliases { get; } = [];

    /// <summary>In the order of shards, in which their rows are locked.</summary>
    public SortedDictionary<int, ShardSum> Shards { get; } = [];

    /// <exception cref="RowRefusedException">A row cannot be written.</exception>
    public void Gather(IReadOnlyList<ChangeSet> changeSets, bool[] takes)
    {
        Clear();
        for (var i = 0; i < changeSets.Count; i++)
        {
            if (takes[i] && !changeSets[i].IsEmpty)
            {
                Add(changeSets[i]);
            }
        }

        foreach (ref var file in CollectionsMarshal.AsSpan(Files))
        {
            Encode(ref file);
        }
    }

    private void Clear()
    {
        placeOfFile.Clear();
        Files.Clear();
        Directories.Clear();
        Transitions.Clear();
        Intents.Clear();
        Counts.Clear();
        Positions.Clear();
        DeadLetters.Clear();
        Aliases.Clear();
        Shards.Clear();
    }

    private void Add(ChangeSet set)
    {
        FileId? file = null;
        try
        {
            AddRows(set, ref file);
        }
        catch (Exception failure)
        {
            throw new RowRefusedException(set.Shard, file, failure);
        }
    }

    /// <param name="file">Whose row it is; null for a row of no file.</param>
    private void AddRows(ChangeSet set, ref FileId? file)
    {
        var sum = Shards.GetValueOrDefault(set.Shard);
        numbers.Clear();
        foreach (var change in set.Files)
        {
            file = change.After.Id;
            numbers[change.After.Id] = change.After.Number;
            AddFile(set.Shard, change);
            sum.Files += change.IsNew ? 1 : 0;
        }

        for (var i = 0; i < set.Transitions.Count; i++)
        {
            file = set.Transitions[i].Id;
            sum.Sequence = set.FirstSequence + i;
            AddTransition(set.Shard, set.Transitions[i], sum.Sequence);
        }

        foreach (var (intent, remove) in set.Intents)
        {
            file = intent.File;
            Intents[(set.Shard, intent.FileNumber, intent.Step)] = remove ? null : Encoded(IntentEncoding.Write, intent);
        }

        file = null;
        foreach (var delta in set.Datasets)
        {
            AddCounts(delta);
        }

        foreach (var position in set.Positions)
        {
            Positions[(set.Shard, Hashes.Of(position.Source, position.Partition))] = position;
        }

        foreach (var letter in set.DeadLetters)
        {
            var hash = letter.Position is null ? (long)XxHash3.HashToUInt64(letter.Bytes) : 0;
            DeadLetters[(letter.Source, Hashes.Of(letter.Partition ?? ""), letter.Generation ?? 0, letter.Position ?? 0, hash)] =
                Encoded(SourceEncoding.Write, letter);
        }

        foreach (var alias in set.Aliases)
        {
            Aliases[(set.Shard, Hashes.Of(alias.Storage, alias.Path))] = (alias, Encoded(AliasEncoding.Write, alias));
        }

        Shards[set.Shard] = sum;
    }

    private void AddFile(int shard, in FileChange change)
    {
        var path = change.After.Facts.Path.Value;
        long? directory = null;
        if (path is not null)
        {
            var (parent, _) = PathParts.Of(path);
            directory = Hashes.Of(change.After.Id.Storage, parent);
            ref var known = ref CollectionsMarshal.GetValueRefOrAddDefault(Directories, (shard, directory.Value), out var exists);
            if (!exists)
            {
                known = (change.After.Id.Storage, parent.ToString());
            }
        }

        ref var place = ref CollectionsMarshal.GetValueRefOrAddDefault(placeOfFile, change.After.Number, out var isThere);
        if (isThere)
        {
            ref var earlier = ref CollectionsMarshal.AsSpan(Files)[place];
            earlier = earlier with { File = change.After, Directory = directory };
            return;
        }

        place = Files.Count;
        Files.Add(new FileRow(shard, change.After, change.IsNew, directory, []));
    }

    private void Encode(ref FileRow file)
    {
        try
        {
            FileEncoding.Write(row.Clear(), file.File);
        }
        catch (Exception failure)
        {
            throw new RowRefusedException(file.Shard, file.File.Id, failure);
        }

        file = file with { State = row.Written.ToArray() };
    }

    private void AddTransition(int shard, Transition transition, long sequence)
    {
        if (!numbers.TryGetValue(transition.Id, out var number))
        {
            throw new ArgumentException($"a change set holds a transition of {transition.Id} and not the file's row");
        }

        TransitionEncoding.Write(row.Clear(), transition, number);
        Transitions.Add(new TransitionRow(shard, sequence, number, transition.Version, row.Written.ToArray()));
    }

    private void AddCounts(DatasetDelta delta)
    {
        ref var counts = ref CollectionsMarshal.GetValueRefOrAddDefault(Counts, delta.Name, out _);
        (counts ??= new ShardCounts()).Add(delta);
    }

    private byte[] Encoded<T>(Action<RowWriter, T> write, T value)
    {
        write(row.Clear(), value);
        return row.Written.ToArray();
    }
}

/// <param name="Directory">Hash of storage and directory; null: not located.</param>
internal readonly record struct FileRow(int Shard, FileState File, bool IsNew, long? Directory, byte[] State);

internal readonly record struct TransitionRow(int Shard, long Sequence, long Number, int Version, byte[] Transition);

/// <summary>What a commit adds to a shard's row: files, and up to which sequence its transitions go (0: none).</summary>
internal struct ShardSum
{
    public long Files;
    public long Sequence;
}
