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
        silo.UseLocalhostClustering(FreePort(), FreePort());
        silo.Configure<SiloOptions>(o => o.SiloName = PostgresCluster.NameOf(settings));
        silo.Configure<SiloMessagingOptions>(o => o.ResponseTimeout = TimeSpan.FromSeconds(30));
        return silo.AddStoreGrainStorage();
    }

    /// <summary>A port that was free a moment ago, on loopback.</summary>
    private static int FreePort()
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
