using Microsoft.Win32.SafeHandles;

namespace EventGrains.LoadTest.Limits;

/// <summary>Reads a file in large blocks and cuts it into lines.</summary>
internal sealed class LineReader(string path) : IDisposable
{
    private readonly SafeFileHandle _file = File.OpenHandle(path, options: FileOptions.SequentialScan);
    private readonly byte[] _block = new byte[4 << 20];
    private int _from;
    private int _until;
    private long _read;

    /// <summary>The next line without its end; the span holds until the next call.</summary>
    public bool TryRead(out ReadOnlySpan<byte> line)
    {
        while (true)
        {
            var length = _block.AsSpan(_from, _until - _from).IndexOf((byte)'\n');
            if (length >= 0)
            {
                line = _block.AsSpan(_from, length);
                _from += length + 1;
                return true;
            }

            _block.AsSpan(_from, _until - _from).CopyTo(_block);
            (_from, _until) = (0, _until - _from);
            var more = RandomAccess.Read(_file, _block.AsSpan(_until), _read);
            if (more == 0)
            {
                line = default;
                return false;
            }

            _until += more;
            _read += more;
        }
    }

    public void Dispose() => _file.Dispose();
}
