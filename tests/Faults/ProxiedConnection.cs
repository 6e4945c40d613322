using System.Buffers;
using System.Net.Sockets;
using System.Threading.Channels;

namespace EventGrains.Tests.Faults;

/// <summary>One client's connection, and the proxy's own to the server. Each direction reads ahead a little, so that a delay does not cost throughput.</summary>
internal sealed class ProxiedConnection(FaultProxy proxy, Socket client) : IDisposable
{
    /// <summary>How much of what a direction passed on before is shown with the next piece.</summary>
    public const int TailBytesMax = 4 << 10;

    private const int ChunkBytesMax = 16 << 10;
    private const int ChunksMax = 64;

    private readonly Socket _server = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly CancellationTokenSource _closed = new();
    private readonly Direction _fromClient = new(Sender.Client);
    private readonly Direction _fromServer = new(Sender.Server);
    private int _isClosed;

    /// <summary>Never fails: what goes wrong on the way closes both connections.</summary>
    public async Task Run(string host, int port)
    {
        try
        {
            client.NoDelay = true;
            await WhenOpen();
            await _server.ConnectAsync(host, port, _closed.Token);
            await Task.WhenAll(Carry(_fromClient, client, _server), Carry(_fromServer, _server, client));
        }
        catch (Exception e) when (IsEnd(e))
        {
        }

        Dispose();
    }

    /// <summary>The client hears of a reset, as when a machine on the way lost its memory; the server gets all that was passed on, and then the end.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isClosed, 1) != 0)
        {
            return;
        }

        _closed.Cancel();
        try
        {
            client.LingerState = new LingerOption(true, 0);
            if (_server.Connected)
            {
                _server.Shutdown(SocketShutdown.Send);
            }
        }
        catch (SocketException)
        {
            // The other side was first.
        }

        client.Dispose();
        _server.Dispose();
    }

    private async Task Carry(Direction direction, Socket from, Socket to)
    {
        try
        {
            var chunks = Channel.CreateBounded<Chunk>(ChunksMax);
            var reading = Read(from, chunks.Writer);
            await foreach (var chunk in chunks.Reader.ReadAllAsync(_closed.Token))
            {
                await PassOn(direction, chunk, to);
                ArrayPool<byte>.Shared.Return(chunk.Bytes);
            }

            await reading;
            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (IsEnd(e))
        {
            Dispose();
        }
    }

    private async Task Read(Socket from, ChannelWriter<Chunk> chunks)
    {
        try
        {
            int read;
            do
            {
                var bytes = ArrayPool<byte>.Shared.Rent(ChunkBytesMax);
                read = await from.ReceiveAsync(bytes.AsMemory(0, ChunkBytesMax), _closed.Token);

                // The end is carried like a byte: it is not told before its time either.
                await chunks.WriteAsync(new Chunk(bytes, read, proxy.Time.GetTimestamp()), _closed.Token);
            }
            while (read > 0);
            chunks.Complete();
        }
        catch (Exception e) when (IsEnd(e))
        {
            chunks.Complete(e);
        }
    }

    private async Task PassOn(Direction direction, Chunk chunk, Socket to)
    {
        // An answer to what the other direction is passing on at a point waits for what is to happen there.
        var other = direction == _fromClient ? _fromServer : _fromClient;
        if (other.AtPoint is { } atPoint)
        {
            await atPoint.Task.WaitAsync(_closed.Token);
        }

        await Pace(direction, Math.Min(chunk.Count, proxy.State.PieceBytesMax), chunk.ReadAt);
        var met = Met(direction, chunk.Bytes.AsSpan(0, chunk.Count));
        foreach (var point in met.Where(p => p.Moment == Moment.BeforePassing))
        {
            point.Act(this);
        }

        if (met.Any(p => p.Moment == Moment.AfterPassing))
        {
            direction.AtPoint = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        try
        {
            for (var sent = 0; sent < chunk.Count;)
            {
                var piece = Math.Min(chunk.Count - sent, proxy.State.PieceBytesMax);
                await Pace(direction, piece, chunk.ReadAt);
                sent += await to.SendAsync(chunk.Bytes.AsMemory(sent, piece), _closed.Token);
                direction.PassedAt = proxy.Time.GetTimestamp();
            }
        }
        catch (Exception e)
        {
            met.ForEach(point => point.Miss(e));
            throw;
        }

        foreach (var point in met.Where(p => p.Moment == Moment.AfterPassing))
        {
            point.Act(this);
        }

        direction.AtPoint?.TrySetResult();
        direction.AtPoint = null;
    }

    private List<ArmedPoint> Met(Direction direction, ReadOnlySpan<byte> bytes)
    {
        var points = proxy.Points;
        if (points.All.Length == 0)
        {
            return [];
        }

        var heard = direction.Hear(bytes, points.Version);
        var met = new List<ArmedPoint>();
        foreach (var point in points.All)
        {
            if (point.IsMet(direction.Sender, heard) && proxy.Disarm(point))
            {
                met.Add(point);
            }
        }

        return met;
    }

    /// <summary>Returns when the link, as it then is, would pass on so much of what was read at that time.</summary>
    private async Task Pace(Direction direction, int bytes, long readAt)
    {
        while (true)
        {
            _closed.Token.ThrowIfCancellationRequested();
            var state = proxy.State;
            var wait = state.Delay - proxy.Time.GetElapsedTime(readAt);
            if (state.BytesPerSecond is not null)
            {
                var since = proxy.Time.GetElapsedTime(Math.Max(readAt, direction.PassedAt));
                wait = TimeSpan.FromTicks(Math.Max(wait.Ticks, (state.TimeFor(bytes) - since).Ticks));
            }

            if (state.Mode != LinkMode.Open)
            {
                await state.Changed.Task.WaitAsync(_closed.Token);
            }
            else if (wait > TimeSpan.Zero)
            {
                await Task.WhenAny(state.Changed.Task, Task.Delay(RoundedUp(wait), proxy.Time, _closed.Token));
            }
            else
            {
                return;
            }
        }
    }

    private async Task WhenOpen()
    {
        while (proxy.State is { Mode: not LinkMode.Open } state)
        {
            await state.Changed.Task.WaitAsync(_closed.Token);
        }
    }

    // Timers count milliseconds, and one of none is none.
    private static TimeSpan RoundedUp(TimeSpan wait) => TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds));

    private static bool IsEnd(Exception e) => e is SocketException or ObjectDisposedException or OperationCanceledException;

    private readonly record struct Chunk(byte[] Bytes, int Count, long ReadAt);

    private sealed class Direction(Sender sender)
    {
        private readonly byte[] _heard = new byte[TailBytesMax + ChunkBytesMax];
        private int _count;
        private int _version;
        private volatile TaskCompletionSource? _atPoint;

        public Sender Sender => sender;

        public long PassedAt { get; set; }

        /// <summary>While it passes on what a point is to happen after.</summary>
        public TaskCompletionSource? AtPoint
        {
            get => _atPoint;
            set => _atPoint = value;
        }

        /// <summary>These bytes after the last of what went before, as far back as when the points were armed.</summary>
        public ReadOnlySpan<byte> Hear(ReadOnlySpan<byte> bytes, int version)
        {
            var kept = version == _version ? Math.Min(_count, TailBytesMax) : 0;
            _heard.AsSpan(_count - kept, kept).CopyTo(_heard);
            bytes.CopyTo(_heard.AsSpan(kept));
            (_count, _version) = (kept + bytes.Length, version);
            return _heard.AsSpan(0, _count);
        }
    }
}
