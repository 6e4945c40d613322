using System.Net;
using System.Net.Sockets;

namespace EventGrains.Cli.Hosting;

/// <summary>The address that the server holds. Bound before the silo opens its store, so that a port in use is told at once.</summary>
internal sealed class Listener : IDisposable
{
    private Listener(Socket socket, string name)
    {
        Socket = socket;
        EndPoint = (IPEndPoint)socket.LocalEndPoint!;
        Name = name;
    }

    public Socket Socket { get; }

    public IPEndPoint EndPoint { get; }

    /// <summary>The address as the user wrote it.</summary>
    public string Name { get; }

    /// <summary>What a client opens. The wildcard address is no address to open, so there it names this machine's loopback.</summary>
    public string Url
    {
        get
        {
            var any = EndPoint.Address.Equals(IPAddress.Any) || EndPoint.Address.Equals(IPAddress.IPv6Any);
            return $"http://{(any ? new IPEndPoint(IPAddress.Loopback, EndPoint.Port) : EndPoint)}";
        }
    }

    public static Listener Bind(HostSettings settings)
    {
        var address = Parse(settings.Listen);
        if (!IPAddress.IsLoopback(address) && settings.TokenFile.Length == 0)
        {
            throw new VerbFailure(
                ExitCode.Usage,
                $"Listening on {settings.Listen} would let everybody who reaches it read and change. Give --token-file FILE with bearer tokens, one a line, or listen on 127.0.0.1.");
        }

        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(address, settings.Port));
            return new Listener(socket, settings.Listen);
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw e.SocketErrorCode == SocketError.AddressAlreadyInUse
                ? InUse(settings.Port, e)
                : new VerbFailure(ExitCode.Usage, $"Cannot listen on {settings.Listen} port {settings.Port}: {e.Message}. Choose another by --listen or --port.", e);
        }
    }

    public static VerbFailure InUse(int port, Exception e) => new(
        ExitCode.PortInUse,
        $"Port {port} is in use. Stop the program that holds it (is another eventgrains running?), or choose another by --port N; --port 0 takes a free one.",
        e);

    public void Dispose() => Socket.Dispose();

    private static IPAddress Parse(string text) =>
        text == "localhost" ? IPAddress.Loopback
        : IPAddress.TryParse(text, out var address) ? address
        : throw new VerbFailure(ExitCode.Usage, $"'{text}' is no address to listen on. Write an IP address of this machine, such as 127.0.0.1 or 0.0.0.0.");
}
