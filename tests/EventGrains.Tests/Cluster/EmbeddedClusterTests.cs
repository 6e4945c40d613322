using System.Net;
using System.Net.Sockets;
using EventGrains.Silo;

namespace EventGrains.Tests.Cluster;

/// <summary>One process beside others on one machine.</summary>
public sealed class EmbeddedClusterTests
{
    [Fact]
    public async Task A_port_that_is_held_can_be_listened_to_by_the_silo()
    {
        using var held = EmbeddedCluster.HoldPort();
        var place = (IPEndPoint)held.LocalEndPoint!;

        using var silo = new TcpListener(place);
        silo.Start();
        using var client = new TcpClient();
        await client.ConnectAsync(place);
        using var met = await silo.AcceptTcpClientAsync();
        Assert.True(met.Connected);
    }
}
