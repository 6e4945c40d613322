using System.Collections.Immutable;
using EventGrains.Files;

namespace EventGrains.LoadTest.Limits;

/// <summary>A file that the bare loop holds: merged in place, and made the product's immutable state only when its row is written.</summary>
internal sealed class BareFile(string native)
{
    private const string Storage = "dcache";

    private Existence _existence;
    private long? _size;
    private PathRegister _path;
    private Replica[] _replicas = new Replica[2];
    private int _replicaCount;
    private ImmutableArray<string> _tape = [];
    private DateTime _stagedAt;
    private ImmutableArray<string> _datasets = [];

    public FileId Id { get; } = new(Storage, native);

    public long Number { get; set; }

    public int Version { get; private set; }

    /// <summary>Its row was never written.</summary>
    public bool IsNew { get; set; } = true;

    /// <summary>The path under which the index has it.</summary>
    public string? PathIndexed { get; set; }

    /// <summary>The last batch that changed it.</summary>
    public long Batch { get; set; } = -1;

    public string? Path => _path.Value;

    public long? Size => _size;

    public bool IsDeleted => _existence == Existence.Deleted;

    /// <summary>Its dataset, once its path is known.</summary>
    public string? Dataset
    {
        get => _datasets.IsEmpty ? null : _datasets[0];
        set => _datasets = [value!];
    }

    public ImmutableArray<string> Datasets => _datasets;

    /// <summary>What its row holds; called before the first record of it is merged.</summary>
    public void Load(FileState row)
    {
        (Number, Version, IsNew, PathIndexed) = (row.Number, row.Version, false, row.Facts.Path.Value);
        (_existence, _size, _path, _tape) = (row.Facts.Existence.State, row.Facts.Size.Bytes, row.Facts.Path, row.Facts.TapeCopies);
        (_stagedAt, _datasets, _replicaCount) = (row.Facts.StagedAt, row.Datasets, row.Facts.Replicas.Length);
        _replicas = new Replica[Math.Max(2, _replicaCount)];
        row.Facts.Replicas.CopyTo(_replicas);
    }

    /// <summary>Merges a record: whether anything of the row changed, and whether a value did (a transition) or a clock alone.</summary>
    public (bool Row, bool Value) Merge(in BareRecord record)
    {
        var (row, value) = (false, false);
        if (record.IsRequest)
        {
            value |= Exists(Existence.Stored);
            value |= record.MoverWrote && SizeIs(record.Size);
            row |= record.MoverCode == 0 && Holds(record.MoverPool!, record.MoverDate.UtcDateTime, ReplicaState.Present, false, ref value);
            row |= Lies(PathRank.DoorHint, record, ref value);
        }
        else if (record.IsTransfer)
        {
            value |= record.IsWrite && SizeIs(record.Size);
            row |= Holds(record.Pool!, record.Date.UtcDateTime, ReplicaState.Present, false, ref value);
            row |= Lies(PathRank.PoolHint, record, ref value);
        }
        else if (record.IsRemove && record.IsDoor)
        {
            value |= Exists(Existence.Deleted);
            row |= Lies(PathRank.DoorHint, record, ref value);
        }
        else if (record.IsRemove)
        {
            row |= Holds(record.Pool!, record.Date.UtcDateTime, ReplicaState.Removed, record.IsEviction, ref value);
        }
        else
        {
            value |= SizeIs(record.Size);
            if (record.IsStore && !_tape.Contains(record.TapeCopy!))
            {
                (_tape, value) = (_tape.Add(record.TapeCopy!), true);
            }
            else if (record.IsRestore)
            {
                row |= Holds(record.Pool!, record.Date.UtcDateTime, ReplicaState.Present, false, ref value);
                value |= record.Date.UtcDateTime > _stagedAt;
                _stagedAt = record.Date.UtcDateTime > _stagedAt ? record.Date.UtcDateTime : _stagedAt;
            }
        }

        Version += value ? 1 : 0;
        return (row || value, value);
    }

    public FileState ToRow(DateTime now) => new()
    {
        Number = Number,
        Id = Id,
        Version = Version,
        UpdatedAt = now,
        Datasets = _datasets,
        Facts = new FileFacts
        {
            Existence = new ExistenceRegister(_existence),
            Size = new SizeRegister(_size),
            Path = _path,
            Replicas = ImmutableArray.Create(_replicas.AsSpan(0, _replicaCount)),
            TapeCopies = _tape,
            StagedAt = _stagedAt,
        },
    };

    private bool Exists(Existence existence)
    {
        var changes = existence > _existence;
        _existence = changes ? existence : _existence;
        return changes;
    }

    private bool SizeIs(long size)
    {
        var changes = _size is null || size > _size;
        _size = changes ? size : _size;
        return changes;
    }

    private bool Lies(PathRank rank, in BareRecord record, ref bool value)
    {
        if (record.Path is null)
        {
            return false;
        }

        var said = new PathRegister(rank, record.Date.UtcDateTime, record.Path);
        var merged = PathRegister.Merge(_path, said);
        value |= merged.Value != _path.Value;
        var changes = merged != _path;
        _path = merged;
        return changes;
    }

    private bool Holds(string pool, DateTime at, ReplicaState state, bool evicted, ref bool value)
    {
        var said = new Replica(Storage, pool, null, at, state, null, evicted);
        var place = 0;
        while (place < _replicaCount && string.CompareOrdinal(_replicas[place].Pool, pool) < 0)
        {
            place++;
        }

        if (place < _replicaCount && _replicas[place].Pool == pool)
        {
            var merged = Replica.Merge(_replicas[place], said);
            value |= !merged.SaysTheSameAs(_replicas[place]);
            var changes = merged != _replicas[place];
            _replicas[place] = merged;
            return changes;
        }

        if (_replicaCount == _replicas.Length)
        {
            Array.Resize(ref _replicas, 2 * _replicaCount);
        }

        Array.Copy(_replicas, place, _replicas, place + 1, _replicaCount++ - place);
        _replicas[place] = said;
        return value = true;
    }
}
