using System.Runtime.InteropServices;
using EventGrains.LoadTest.Generator;

namespace EventGrains.LoadTest.Product;

/// <summary>Log files that grow as a site's services append to them; one is rotated by rename, one copied and truncated.</summary>
/// <remarks>Records may be cut anywhere between two appends: a half-written last line is what a reader meets in life.</remarks>
internal sealed class LogFiles
{
    private const int Rotated = 1;
    private const int Truncated = 2;

    private readonly List<byte>[] _waiting;
    private readonly int[] _whole;
    private readonly long[] _current;
    private readonly byte[] _buffer = new byte[RecordWriter.BytesMax];
    private bool _isRotated;
    private bool _isTruncated;

    public LogFiles(string directory, int count = 4)
    {
        Directory = directory;
        _waiting = [.. Enumerable.Range(0, count).Select(_ => new List<byte>())];
        (_whole, _current) = (new int[count], new long[count]);
        for (var n = 0; n < Count; n++)
        {
            File.WriteAllBytes(PathOf(n), []);
        }
    }

    public string Directory { get; }

    public int Count => _waiting.Length;

    /// <summary>False: none is rotated or truncated yet, however far the run is. What is truncated before anybody has read of it cannot be found again.</summary>
    public bool MayRotate { get; set; } = true;

    public void Add(in Record record, int file) =>
        _waiting[file].AddRange(_buffer.AsSpan(0, RecordWriter.Write(record, _buffer)));

    /// <summary>The same, and no later append will find it half-written.</summary>
    public void AddWhole(in Record record, int file)
    {
        Add(record, file);
        _whole[file] = _waiting[file].Count;
    }

    /// <summary>Appends what waits, all but a part of the last line; half-way through the run one file is rotated, a little later another is truncated.</summary>
    public void Grow(long offered, long ofAll)
    {
        for (var n = 0; n < Count; n++)
        {
            Append(n, Math.Max(_whole[n], _waiting[n].Count - 100));
        }

        if (MayRotate && !_isRotated && offered >= ofAll * 0.4)
        {
            _isRotated = true;
            Append(Rotated, _waiting[Rotated].Count);
            File.Move(PathOf(Rotated), PathOf(Rotated) + ".1");
            File.WriteAllBytes(PathOf(Rotated), []);
            _current[Rotated] = 0;
        }

        if (MayRotate && !_isTruncated && offered >= ofAll * 0.6)
        {
            _isTruncated = true;
            Append(Truncated, _waiting[Truncated].Count);
            File.Copy(PathOf(Truncated), PathOf(Truncated) + ".1");
            using var file = new FileStream(PathOf(Truncated), FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            file.SetLength(0);
            _current[Truncated] = 0;
        }
    }

    /// <summary>Appends all that waits.</summary>
    public void Finish()
    {
        for (var n = 0; n < Count; n++)
        {
            Append(n, _waiting[n].Count);
        }
    }

    /// <summary>Whether every file as it is now is read to its end, and no older generation is still being finished.</summary>
    public bool IsRead(IReadOnlyList<PartitionAnswer> partitions) =>
        partitions.All(partition => partition.LagBytes == 0)
        && _current.All(bytes => bytes == 0 || partitions.Any(partition => partition.Position == bytes));

    private void Append(int n, int bytes)
    {
        using var file = new FileStream(PathOf(n), FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        file.Write(CollectionsMarshal.AsSpan(_waiting[n])[..bytes]);
        _waiting[n].RemoveRange(0, bytes);
        _whole[n] = 0;
        _current[n] += bytes;
    }

    private string PathOf(int n) => Path.Combine(Directory, $"pools-{n}.log");
}
