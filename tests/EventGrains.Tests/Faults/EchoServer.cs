using System.Net;
using System.Net.Sockets;
using System.Text;

namespace EventGrains.Tests.Faults;

/// <summary>Answers every byte with itself, in pieces of whole reads, and knows what it heard.</summary>
internal sealed class EchoServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly List<byte> _heard = [];

    public EchoServer()
    {
        _listener.Start();
        _ = Listen();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>What all connections said.</summary>
    public string Heard
    {
        get
        {
            lock (_heard)
            {
                return Encoding.UTF8.GetString([.. _heard]);
            }
        }
    }

    public void Dispose() => _listener.Dispose();

    private async Task Listen()
    {
        while (true)
        {
            try
            {
                _ = Answer(await _listener.AcceptSocketAsync());
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task Answer(Socket client)
    {
        using (client)
        {
            var bytes = new byte[64 << 10];
            try
            {
                while (await client.ReceiveAsync(bytes) is var read and > 0)
                {
                    lock (_heard)
                    {
                        _heard.AddRange(bytes.AsSpan(0, read));
                    }

                    for (var sent = 0; sent < read;)
                    {
                        sent += await client.SendAsync(bytes.AsMemory(sent, read - sent));
                    }
                }
            }
            catch (SocketException)
            {
                // The link was cut.
            }
        }
    }
}
