using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using EventGrains.Files;
using EventGrains.Silo.Store;

namespace EventGrains.Tests.Store;

/// <summary>Files, and change sets of them, as a shard would hand them over.</summary>
internal static class Sample
{
    public const int Shards = 4;

    public static readonly DateTime Noon = new(2026, 11, 24, 12, 0, 0, DateTimeKind.Utc);

    /// <summary>The n-th id that a shard owns.</summary>
    public static FileId IdIn(int shard, int n = 0, string storage = "dcache") => Enumerable.Range(0, int.MaxValue)
        .Select(i => new FileId(storage, $"0000{i:X12}{n:X20}"))
        .First(id => id.ShardOf(Shards) == shard);

    public static FileState New(FileId id, long number, string? path = null, long? size = null, params string[] datasets) => new()
    {
        Id = id,
        Number = number,
        Version = 1,
        UpdatedAt = Noon,
        Datasets = [.. datasets],
        Facts = new FileFacts
        {
            Existence = new ExistenceRegister(Existence.Stored),
            Size = new SizeRegister(size),
            Path = path is null ? default : new PathRegister(PathRank.Namespace, Noon, path),
        },
    };

    public static FileState At(this FileState file, string path) => file with
    {
        Version = file.Version + 1,
        Facts = FileFacts.Join(file.Facts, new FileFacts { Path = new PathRegister(PathRank.Namespace, file.Facts.Path.SaidAt.AddSeconds(1), path) }),
    };

    public static FileState Deleted(this FileState file) => file with
    {
        Version = file.Version + 1,
        Facts = FileFacts.Join(file.Facts, new FileFacts { Existence = new ExistenceRegister(Existence.Deleted) }),
    };

    private static readonly ConditionalWeakTable<ShardOwnership, ChangeSet> Last = [];

    /// <summary>The owner's next change set: its sequences go on where those of the one before end, which must be complete.</summary>
    public static ChangeSet Of(ShardOwnership owner)
    {
        var first = Last.TryGetValue(owner, out var before) ? before.FirstSequence + before.Transitions.Count : owner.NextSequence;
        var set = new ChangeSet(owner.Shard, owner.Epoch) { FirstSequence = first };
        Last.AddOrUpdate(owner, set);
        return set;
    }

    /// <summary>Adds a file's new row with its transition and what it changes in its datasets.</summary>
    public static ChangeSet With(this ChangeSet set, FileState after, FileState? before = null)
    {
        set.Files.Add(new FileChange(after, before?.Facts.Path.Value, before is null));
        set.Transitions.Add(TransitionOf(after));
        foreach (var dataset in after.Datasets)
        {
            set.Datasets.Add(Delta(dataset, after, before));
        }

        return set;
    }

    public static Transition TransitionOf(FileState file) => new()
    {
        Id = file.Id,
        Path = file.Facts.Path.Value,
        Version = file.Version,
        Kind = TransitionKind.Stored,
        Changes = [TransitionKind.SizeKnown, TransitionKind.Stored],
        Status = FileSummary.Of(file).Status,
        Existence = file.Facts.Existence.State,
        Locality = Locality.Disk,
        Size = file.Facts.Size.Bytes,
        At = file.UpdatedAt,
        Cause = new Cause("door", "partition-1", 42, "transfer"),
        Datasets = file.Datasets,
    };

    public static Intent IntentOf(FileState file, string rule = "mirror", int index = 0) => new(
        file.Id, file.Number, new StepKey(rule, "0123456789abcdef", index, Incarnation.None), "replicate", "mirror", Noon.AddMinutes(5), 2, true);

    private static DatasetDelta Delta(string name, FileState after, FileState? before)
    {
        var counts = new long[Enum.GetValues<FileStatus>().Length];
        counts[(int)FileSummary.Of(after).Status]++;
        if (before is not null)
        {
            counts[(int)FileSummary.Of(before).Status]--;
        }

        return new DatasetDelta(name, before is null ? 1 : 0, BytesOf(after) - BytesOf(before), counts, after.UpdatedAt);
    }

    private static long BytesOf(FileState? file) =>
        file is null || FileSummary.Of(file).Status == FileStatus.Deleted ? 0 : file.Facts.Size.Bytes ?? 0;
}
