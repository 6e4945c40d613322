using System.Net;
using System.Net.Sockets;
using EventGrains.Silo.Cluster;
using EventGrains.Silo.Store;
using Orleans.Configuration;
using Orleans.Hosting;

namespace EventGrains.Silo;

/// <summary>A cluster of one silo in one process: membership in memory, grain storage in the one store, ports that nobody else has to know.</summary>
public static class EmbeddedCluster
{
    public static ISiloBuilder UseEmbeddedCluster(this ISiloBuilder silo, SiloSettings settings)
    {
        var (port, gateway) = (HoldPort(), HoldPort());
        silo.UseLocalhostClustering(PortOf(port), PortOf(gateway));
        silo.Configure<SiloOptions>(o => o.SiloName = PostgresCluster.NameOf(settings));
        silo.Configure<SiloMessagingOptions>(o => o.ResponseTimeout = TimeSpan.FromSeconds(30));
        silo.AddStartupTask((_, _) =>
        {
            // The silo listens by now.
            port.Dispose();
            gateway.Dispose();
            return Task.CompletedTask;
        });
        return silo.AddStoreGrainStorage();
    }

    /// <summary>
    /// A free port of loopback, bound and not listened to: until the silo listens there, the system gives it to nobody who asks for any port, nor to a
    /// connection that goes out. The silo may still bind it, since on Linux the runtime marks both sockets as reusing the address.
    /// </summary>
    private static Socket HoldPort()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }

    private static int PortOf(Socket socket) => ((IPEndPoint)socket.LocalEndPoint!).Port;
}
