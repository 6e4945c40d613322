using EventGrains.Files;
using EventGrains.Silo;
using EventGrains.Silo.Store;
using EventGrains.Silo.Store.Rocks;
using EventGrains.Silo.Store.Rows;
using RocksDbSharp;

namespace EventGrains.LoadTest.Limits;

/// <summary>The full set of rows of the bare loop, in the embedded store's tables: one synced write of one batch per commit, and nothing around it.</summary>
internal sealed class BareRows : IBareRows, IDisposable
{
    private readonly RocksTables _tables;
    private readonly WriteBatch _batch = new();
    private readonly WriteOptions _synced = new WriteOptions().SetSync(true);
    private readonly ReadOptions _reads = new();
    private readonly RowWriter _key = new();
    private readonly RowWriter _value = new();
    private readonly Dictionary<string, uint> _directories = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ShardCounts> _datasets = new(StringComparer.Ordinal);
    private readonly HashSet<string> _datasetsTouched = [];
    private List<Intent> _open = [];
    private List<Intent> _opened = [];
    private long _index = 1;
    private int _ordinal;

    public BareRows(string directory) => _tables = RocksTables.Open(directory, new SiloSettings());

    public void Load(List<BareFile> files, ref long nextNumber)
    {
        var states = FileReads.Load(_tables, 0, files.ConvertAll(f => f.Id));
        for (var i = 0; i < states.Length; i++)
        {
            if (states[i] is { } state)
            {
                files[i].Load(state);
            }
            else
            {
                files[i].Number = nextNumber++;
            }
        }
    }

    public IEnumerable<FileState> ReadAll()
    {
        using var iterator = _tables.Database.NewIterator(_tables.States, _reads);
        for (iterator.SeekToFirst(); iterator.Valid(); iterator.Next())
        {
            yield return FileEncoding.Read(iterator.GetValueSpan(), new RowReader(iterator.GetKeySpan()).BigEndian64());
        }
    }

    public void Transition(BareFile file, in BareRecord record, DateTime now)
    {
        var transition = BareTransition.Of(file, record, now);
        TransitionEncoding.Write(_value.Clear(), transition, file.Number);
        _key.Log(_index, _ordinal++);
        _batch.Put(_key.Written, _value.Written, _tables.Log);
        _value.Clear().Raw(_key.Written);
        _batch.Put(_key.FileHistory(file.Number, file.Version).Written, _value.Written, _tables.FileHistory);
    }

    public void Count(string dataset, FileStatus status, int files, long bytes, DateTime now)
    {
        if (!_datasets.TryGetValue(dataset, out var counts))
        {
            _datasets.Add(dataset, counts = new ShardCounts());
        }

        counts.Files += files;
        counts.Bytes += bytes;
        counts.PerStatus[(int)status] += files;
        counts.UpdatedAt = now;
        _datasetsTouched.Add(dataset);
    }

    public void OpenIntent(BareFile file, DateTime now) =>
        _opened.Add(new Intent(file.Id, file.Number, new StepKey("calibrate", "0", 0, default), "noop", null, now, 0, false));

    public void Commit(List<BareFile> touched, long position, DateTime now)
    {
        foreach (var file in touched)
        {
            WriteFile(file, now);
        }

        WriteIntents();
        foreach (var dataset in _datasetsTouched)
        {
            CountsEncoding.Write(_value.Clear(), _datasets[dataset]);
            _batch.Put(_key.Counts(dataset, 0).Written, _value.Written, _tables.Counts);
        }

        SourceEncoding.Write(_value.Clear(), new PositionRow(0, "bare", "0", 1, 1, position, null));
        _batch.Put(_key.Position(0, "bare", "0").Written, _value.Written, _tables.Positions);
        _tables.Database.Write(_batch, _synced);
        _batch.Clear();
        _datasetsTouched.Clear();
        (_index, _ordinal) = (_index + 1, 0);
    }

    public void Dispose()
    {
        _batch.Dispose();
        _tables.Dispose();
    }

    private void WriteFile(BareFile file, DateTime now)
    {
        FileEncoding.Write(_value.Clear(), file.ToRow(now));
        _batch.Put(_key.File(file.Number).Written, _value.Written, _tables.States);
        if (file.IsNew)
        {
            file.IsNew = false;
            _value.Clear().BigEndian(file.Number);
            _batch.Put(_key.Id(0, file.Id).Written, _value.Written, _tables.Ids);
        }

        if (file.Path == file.PathIndexed)
        {
            return;
        }

        if (file.PathIndexed is { } before)
        {
            _batch.Delete(_key.Path(0, Directory(before, out var old), old, file.Number).Written, _tables.Paths);
        }

        _batch.Put(_key.Path(0, Directory(file.Path!, out var name), name, file.Number).Written, default, _tables.Paths);
        file.PathIndexed = file.Path;
    }

    private uint Directory(string path, out ReadOnlySpan<char> name)
    {
        var slash = path.LastIndexOf('/');
        name = path.AsSpan(slash + 1);
        var directory = path.AsSpan(0, slash);
        if (!_directories.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(directory, out var number))
        {
            number = (uint)_directories.Count;
            _directories.Add(directory.ToString(), number);
            var value = new RowWriter();
            value.BigEndian(number);
            _batch.Put(new RowWriter().Directory(0, "dcache", directory).Written, value.Written, _tables.Directories);
        }

        return number;
    }

    /// <summary>Those of the batch before are done by now.</summary>
    private void WriteIntents()
    {
        foreach (var intent in _open)
        {
            _batch.Delete(_key.Intent(0, intent).Written, _tables.Intents);
        }

        foreach (var intent in _opened)
        {
            IntentEncoding.Write(_value.Clear(), intent);
            _batch.Put(_key.Intent(0, intent).Written, _value.Written, _tables.Intents);
        }

        _open.Clear();
        (_open, _opened) = (_opened, _open);
    }
}
