using System.Net;
using EventGrains.Silo;
using EventGrains.Silo.Cluster;
using EventGrains.Tests.Sources;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Orleans.Messaging;
using Orleans.Runtime;

namespace EventGrains.Tests.Cluster;

/// <summary>A gateway process does not wait for what went through a silo that is gone.</summary>
public sealed class LostGatewaysTests
{
    private readonly List<SiloAddress> _failed = [];
    private readonly Ports _ports = new();
    private readonly LostGateways _gateways;

    public LostGatewaysTests() => _gateways = new LostGateways(_ports, () => silo =>
    {
        lock (_failed)
        {
            _failed.Add(silo);
        }
    }, new HurriedTime());

    [Fact]
    public async Task What_went_through_a_silo_that_is_no_longer_listed_is_failed_and_what_set_out_meanwhile_too()
    {
        _ports.Are(1, 2, 3);
        await _gateways.GetGatewaysAsync();
        _ports.Are(1, 3);

        var listed = await _gateways.GetGatewaysAsync();

        Assert.Equal(2, listed.Count);
        await Eventually.Is(() => Failed.Count == 2, () => "it is not failed again");
        Assert.All(Failed, silo => Assert.Equal(SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 2), 0), silo));
    }

    [Fact]
    public async Task While_all_are_there_and_when_others_come_nothing_is_failed()
    {
        _ports.Are(1, 2);
        await _gateways.GetGatewaysAsync();
        _ports.Are(1, 2, 3);
        await _gateways.GetGatewaysAsync();

        // Another life of the same silo is reached by the same port.
        _ports.Generation++;
        await _gateways.GetGatewaysAsync();

        Assert.Empty(Failed);
    }

    [Fact]
    public void A_client_of_the_cluster_lists_its_silos_that_way()
    {
        using var database = NpgsqlDataSource.Create("Host=127.0.0.1");
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.UseOrleansClient(client => client.UsePostgresCluster(new SiloSettings(), database));
        using var host = builder.Build();

        Assert.IsType<LostGateways>(host.Services.GetRequiredService<IGatewayListProvider>());
    }

    private List<SiloAddress> Failed
    {
        get
        {
            lock (_failed)
            {
                return [.. _failed];
            }
        }
    }

    private sealed class Ports : IGatewayListProvider
    {
        private int[] _ports = [];

        public int Generation { get; set; } = 7;

        public TimeSpan MaxStaleness => TimeSpan.FromMinutes(1);

        public bool IsUpdatable => true;

        public void Are(params int[] ports) => _ports = ports;

        public Task InitializeGatewayListProvider() => Task.CompletedTask;

        public Task<IList<Uri>> GetGateways() =>
            Task.FromResult<IList<Uri>>([.. _ports.Select(p => SiloAddress.New(new IPEndPoint(IPAddress.Loopback, p), Generation).ToGatewayUri())]);
    }
}
