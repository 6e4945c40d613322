using System.Net;
using System.Net.Sockets;

namespace EventGrains.LoadTest.Cluster;

/// <summary>Ports on loopback that nobody has now.</summary>
internal static class FreePorts
{
    // Below those that the kernel gives to outgoing connections: none of them takes ours while its process is down.
    private const int First = 20_000;
    private const int End = 32_000;

    public static int Take()
    {
        while (true)
        {
            var port = Random.Shared.Next(First, End);
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
                return port;
            }
            catch (SocketException)
            {
                // Somebody has it.
            }
        }
    }
}
