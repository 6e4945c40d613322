using System.Net;
using System.Net.Sockets;
using System.Text;

namespace EventGrains.Tests.Faults;

/// <summary>Who sent the bytes: the client, which connected to the proxy, or the server behind it.</summary>
internal enum Sender
{
    Client,
    Server,
}

/// <summary>Whether the bytes that end the wait for a point are passed on before what is to happen there does.</summary>
internal enum Moment
{
    BeforePassing,
    AfterPassing,
}

/// <summary>A TCP link on loopback to a server, which fails as it is told to.</summary>
/// <remarks>
/// A method has taken effect when it returns: only what was handed to the kernel before is still on its way. <see cref="Delay"/> and
/// <see cref="Slow"/> add up; <see cref="Pass"/> heals all. It keeps its port while it refuses connections: nobody else gets it.
/// </remarks>
internal sealed class FaultProxy : IAsyncDisposable
{
    /// <summary>More wait in the kernel's queue.</summary>
    public const int ConnectionsMax = 1_000;

    private const int QueuedConnectionsMax = 512;

    private readonly Lock _lock = new();
    private readonly Dictionary<ProxiedConnection, Task> _open = [];
    private readonly SemaphoreSlim _room = new(ConnectionsMax);
    private readonly CancellationTokenSource _end = new();
    private readonly string _host;
    private readonly int _port;

    // Bound and never listening: connections are refused while there is no listener beside it, and the port is not given to anyone.
    private readonly Socket _place = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    private Socket? _listener;
    private volatile LinkState _state = new(LinkMode.Open, TimeSpan.Zero, null);
    private volatile ArmedPoints _points = ArmedPoints.None;

    public FaultProxy(string host, int port, TimeProvider? time = null)
    {
        (_host, _port, Time) = (host, port, time ?? TimeProvider.System);
        _place.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        Port = ((IPEndPoint)_place.LocalEndPoint!).Port;
        Change(state => state);
    }

    /// <summary>Where it listens, on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>How many connections it has.</summary>
    public int Connections
    {
        get
        {
            lock (_lock)
            {
                return _open.Count;
            }
        }
    }

    internal TimeProvider Time { get; }

    internal LinkState State => _state;

    internal ArmedPoints Points => _points;

    /// <summary>Bytes that have this text in them, for <see cref="At"/> and <see cref="CutAt"/>.</summary>
    public static Func<ReadOnlySpan<byte>, bool> Says(string text)
    {
        var wanted = Encoding.UTF8.GetBytes(text);
        return bytes => bytes.IndexOf(wanted) >= 0;
    }

    /// <summary>Closes all connections and refuses new ones.</summary>
    public void Cut()
    {
        Change(state => state with { Mode = LinkMode.Cut });
        Break();
    }

    /// <summary>Closes all connections; new ones are welcome.</summary>
    public void Break()
    {
        ProxiedConnection[] open;
        lock (_lock)
        {
            open = [.. _open.Keys];
        }

        foreach (var connection in open)
        {
            connection.Dispose();
        }
    }

    /// <summary>Keeps connections and accepts new ones, but passes no byte either way, nor that one side closed.</summary>
    public void Stall() => Change(state => state with { Mode = LinkMode.Stalled });

    /// <summary>Each byte arrives so much later, in either direction.</summary>
    public void Delay(TimeSpan eachWay) => Change(state => state with { Delay = eachWay });

    /// <summary>Each direction of each connection passes so much.</summary>
    public void Slow(int bytesPerSecond) => Change(state => state with { BytesPerSecond = bytesPerSecond });

    /// <summary>Heals the link: what a stall held is passed on, what was cut stays closed, new connections are welcome.</summary>
    public void Pass() => Change(_ => new LinkState(LinkMode.Open, TimeSpan.Zero, null));

    /// <summary>Does something at one exact point of the conversation, once: such as <see cref="Stall"/> or <see cref="Cut"/>.</summary>
    /// <param name="heard">
    /// Asked at each piece about to be passed on of what was sent on one connection since now: the piece, after up to <see cref="ProxiedConnection.TailBytesMax"/> of
    /// what went before it. The first true is the point.
    /// </param>
    /// <param name="moment">With <see cref="Moment.AfterPassing"/> nothing that the other side answers to the piece is passed on before <paramref name="then"/> is done.</param>
    /// <returns>Ends when it was done, with what it threw.</returns>
    public Task At(Sender sender, Func<ReadOnlySpan<byte>, bool> heard, Moment moment, Action then) => Arm(new ArmedPoint(sender, heard, moment, _ => then()));

    /// <summary>Closes one connection, once, at one exact point of what is said on it; see <see cref="At"/>.</summary>
    /// <remarks>
    /// A commit is lost when the client's bytes are cut <see cref="Moment.BeforePassing"/>; it has taken effect, and the client cannot know, when the
    /// server's answer is. The client's cut <see cref="Moment.AfterPassing"/> leaves the server at work on it.
    /// </remarks>
    public Task CutAt(Sender sender, Func<ReadOnlySpan<byte>, bool> heard, Moment moment) => Arm(new ArmedPoint(sender, heard, moment, connection => connection.Dispose()));

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        Cut();
        Task[] ending;
        lock (_lock)
        {
            ending = [.. _open.Values];
        }

        await Task.WhenAll(ending);
        _place.Dispose();
    }

    /// <summary>True for the one who is to act at it.</summary>
    internal bool Disarm(ArmedPoint point)
    {
        lock (_lock)
        {
            var others = _points.All.Where(p => p != point).ToArray();
            var isMine = others.Length < _points.All.Length;
            _points = _points with { All = others };
            return isMine;
        }
    }

    private Task Arm(ArmedPoint point)
    {
        lock (_lock)
        {
            _points = new ArmedPoints([.. _points.All, point], _points.Version + 1);
        }

        return point.Done;
    }

    private void Change(Func<LinkState, LinkState> next)
    {
        LinkState before;
        lock (_lock)
        {
            before = _state;
            _state = next(before) with { Changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously) };
            if (_state.Mode == LinkMode.Cut)
            {
                _listener?.Dispose();
                _listener = null;
            }
            else if (_listener is null)
            {
                _listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                _listener.Bind(new IPEndPoint(IPAddress.Loopback, Port));
                _listener.Listen(QueuedConnectionsMax);
                _ = Accept(_listener);
            }
        }

        before.Changed.TrySetResult();
    }

    private async Task Accept(Socket listener)
    {
        while (true)
        {
            Socket client;
            try
            {
                await _room.WaitAsync(_end.Token);
                client = await listener.AcceptAsync();
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
            {
                _room.Release();
                return;
            }

            var connection = new ProxiedConnection(this, client);
            lock (_lock)
            {
                if (listener == _listener)
                {
                    _open.Add(connection, Run(connection));
                    continue;
                }
            }

            connection.Dispose();
            _room.Release();
        }
    }

    private async Task Run(ProxiedConnection connection)
    {
        // Not before it is among the open ones.
        await Task.Yield();
        await connection.Run(_host, _port);
        lock (_lock)
        {
            _open.Remove(connection);
        }

        _room.Release();
    }
}
