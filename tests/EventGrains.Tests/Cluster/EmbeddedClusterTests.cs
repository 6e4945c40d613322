using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using EventGrains.Silo;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace EventGrains.Tests.Cluster;

/// <summary>One process beside others on one machine.</summary>
public sealed class EmbeddedClusterTests
{
    [Fact]
    public async Task The_silos_ports_are_held_from_others_until_it_listens_there()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.UseOrleans(silo => silo.UseEmbeddedCluster(new SiloSettings()));
        using var host = builder.Build();
        var ports = host.Services.GetRequiredService<IOptions<EndpointOptions>>().Value;

        Assert.All([ports.SiloPort, ports.GatewayPort], port => Assert.False(CanBind(port)));

        using var silo = new TcpListener(IPAddress.Loopback, ports.SiloPort);
        silo.Start();
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, ports.SiloPort);
        using var met = await silo.AcceptTcpClientAsync();
        Assert.True(met.Connected);
    }

    /// <summary>As a socket does that does not share its address; the runtime's own always do.</summary>
    private static bool CanBind(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        var address = new IPEndPoint(IPAddress.Loopback, port).Serialize();
        return Bind(socket.SafeHandle, address.Buffer[..address.Size].ToArray(), address.Size) == 0;
    }

    [DllImport("libc", EntryPoint = "bind", SetLastError = true)]
    private static extern int Bind(SafeHandle socket, byte[] address, int length);
}
