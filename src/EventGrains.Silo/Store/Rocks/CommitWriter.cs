using EventGrains.Contracts.Shards;
using EventGrains.Files;
using EventGrains.Silo.Store.Rows;
using RocksDbSharp;

namespace EventGrains.Silo.Store.Rocks;

/// <summary>Turns change sets into one batch of rows. For the one writer; its buffers are used again for the next commit.</summary>
internal sealed class CommitWriter(RocksTables tables, int shards, long deadLettersKeptMax) : IDisposable
{
    private readonly WriteBatch batch = new();
    private readonly DirectoryNumbers directories = new(tables, shards);
    private readonly KeptCounts counts = new(tables);
    private readonly DeadLetterShelf deadLetters = new(tables, deadLettersKeptMax);
    private readonly HashSet<long> filesWritten = [];
    private readonly Dictionary<FileId, long> numbers = new(ByNative.Instance);
    private readonly List<Transition> transitions = [];
    private readonly List<SequenceRun> runs = [];
    private readonly RowWriter key = new();
    private readonly RowWriter value = new();
    private Totals totals;

    /// <summary>Builds the batch that commits the change sets at the index after <paramref name="before"/>'s.</summary>
    /// <param name="takes">Which of them to take: the others are of stale owners.</param>
    /// <returns>The batch, valid until the next call, and the totals once it is durable.</returns>
    public (WriteBatch Batch, Totals After) Write(IReadOnlyList<ChangeSet> changeSets, bool[] takes, Totals before)
    {
        Begin(before);
        WriteStates(changeSets, takes);
        for (var i = 0; i < changeSets.Count; i++)
        {
            if (takes[i])
            {
                Write(changeSets[i]);
            }
        }

        directories.Finish(batch);
        counts.Finish(batch);
        totals = deadLetters.Finish(batch, totals);
        totals.Write(value);
        batch.Put(Meta.TotalsKey, value.Written, tables.Meta);
        return (batch, totals);
    }

    /// <summary>The batch is durable. Answers its transitions, in the order of their ordinals, and whose they are.</summary>
    public (Transition[] Transitions, SequenceRun[] Runs) Publish()
    {
        directories.Publish();
        counts.Publish();
        return ([.. transitions], [.. runs]);
    }

    /// <summary>The batch was not written, or only begun.</summary>
    public void Forget()
    {
        directories.Forget();
        counts.Forget();
    }

    public void Dispose() => batch.Dispose();

    private void Begin(in Totals before)
    {
        batch.Clear();
        deadLetters.Begin();
        filesWritten.Clear();
        transitions.Clear();
        runs.Clear();
        totals = before with { CommitIndex = before.CommitIndex + 1 };
    }

    /// <summary>Backwards, so that of a file's rows the newest is written and the others are not.</summary>
    private void WriteStates(IReadOnlyList<ChangeSet> changeSets, bool[] takes)
    {
        for (var i = changeSets.Count - 1; i >= 0; i--)
        {
            if (!takes[i])
            {
                continue;
            }

            var files = changeSets[i].Files;
            for (var j = files.Count - 1; j >= 0; j--)
            {
                var file = files[j].After;
                if (filesWritten.Add(file.Number))
                {
                    WriteState(changeSets[i].Shard, file);
                }
            }
        }
    }

    private void WriteState(int shard, FileState file)
    {
        try
        {
            FileEncoding.Write(value.Clear(), file);
        }
        catch (Exception failure)
        {
            throw new RowRefusedException(shard, file.Id, failure);
        }

        batch.Put(key.File(file.Number).Written, value.Written, tables.States);
    }

    private void Write(ChangeSet set)
    {
        FileId? file = null;
        try
        {
            WriteRows(set, ref file);
        }
        catch (Exception failure) when (failure is not RocksDbException)
        {
            throw new RowRefusedException(set.Shard, file, failure);
        }
    }

    /// <param name="file">Whose row is being written; null for a row of no file.</param>
    private void WriteRows(ChangeSet set, ref FileId? file)
    {
        numbers.Clear();
        foreach (var change in set.Files)
        {
            file = change.After.Id;
            numbers[change.After.Id] = change.After.Number;
            WriteIndexes(set.Shard, change);
        }

        if (set.Transitions.Count > 0)
        {
            WriteRun(set);
        }

        for (var i = 0; i < set.Transitions.Count; i++)
        {
            file = set.Transitions[i].Id;
            WriteTransition(set.Transitions[i], set.FirstSequence + i);
        }

        foreach (var change in set.Intents)
        {
            file = change.Intent.File;
            WriteIntent(set.Shard, change);
        }

        file = null;

        foreach (var delta in set.Datasets)
        {
            counts.Add(set.Shard, delta);
        }

        foreach (var position in set.Positions)
        {
            SourceEncoding.Write(value.Clear(), position);
            batch.Put(key.Position(set.Shard, position.Source, position.Partition).Written, value.Written, tables.Positions);
        }

        foreach (var letter in set.DeadLetters)
        {
            deadLetters.Add(batch, letter);
        }

        foreach (var alias in set.Aliases)
        {
            AliasEncoding.Write(value.Clear(), alias);
            batch.Put(key.Alias(set.Shard, alias.Storage, alias.Path).Written, value.Written, tables.Aliases);
        }
    }

    private void WriteIndexes(int shard, in FileChange change)
    {
        var file = change.After;
        if (change.IsNew)
        {
            value.Clear().BigEndian(file.Number);
            batch.Put(key.Id(shard, file.Id).Written, value.Written, tables.Ids);
            totals = totals with { Files = totals.Files + 1 };
        }

        var path = file.Facts.Path.Value;
        if (path == change.PathBefore)
        {
            return;
        }

        if (change.PathBefore is { } before)
        {
            var (directory, name) = PathParts.Of(before);
            if (directories.Find(shard, file.Id.Storage, directory) is { } number)
            {
                batch.Delete(key.Path(shard, number, name, file.Number).Written, tables.Paths);
            }
        }

        if (path is not null)
        {
            var (directory, name) = PathParts.Of(path);
            var number = directories.FindOrAdd(batch, shard, file.Id.Storage, directory);
            batch.Put(key.Path(shard, number, name, file.Number).Written, default, tables.Paths);
        }
    }

    private void WriteRun(ChangeSet set)
    {
        runs.Add(new SequenceRun(transitions.Count, set.Shard, set.FirstSequence));
        LastSequences.Write(batch, tables, key.Shard(set.Shard), value.Clear(), set.FirstSequence + set.Transitions.Count - 1);
    }

    private void WriteTransition(Transition transition, long sequence)
    {
        if (!numbers.TryGetValue(transition.Id, out var number))
        {
            throw new ArgumentException($"a change set holds a transition of {transition.Id} and not the file's row");
        }

        TransitionEncoding.Write(value.Clear(), transition, number, sequence);
        var ordinal = transitions.Count;
        key.Log(totals.CommitIndex, ordinal);
        batch.Put(key.Written, value.Written, tables.Log);

        // The value is the log's key, so that a history is read by looking its rows up.
        value.Clear().Raw(key.Written);
        batch.Put(key.FileHistory(number, transition.Version).Written, value.Written, tables.FileHistory);
        totals = totals with { LatestIndex = totals.CommitIndex, LatestOrdinal = ordinal, Transitions = totals.Transitions + 1 };
        transitions.Add(transition);
    }

    private void WriteIntent(int shard, in IntentChange change)
    {
        key.Intent(shard, change.Intent);
        if (change.Remove)
        {
            batch.Delete(key.Written, tables.Intents);
            return;
        }

        IntentEncoding.Write(value.Clear(), change.Intent);
        batch.Put(key.Written, value.Written, tables.Intents);
    }

    /// <summary>Within a change set ids of one native part are nearly always one file; hashing the storage too would cost more than it tells.</summary>
    private sealed class ByNative : IEqualityComparer<FileId>
    {
        public static readonly ByNative Instance = new();

        public bool Equals(FileId a, FileId b) => string.Equals(a.Native, b.Native) && string.Equals(a.Storage, b.Storage);

        public int GetHashCode(FileId id) => id.Native.GetHashCode(StringComparison.Ordinal);
    }
}
