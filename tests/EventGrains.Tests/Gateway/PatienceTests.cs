using System.Collections.Immutable;
using System.Net;
using EventGrains.Contracts;
using EventGrains.Contracts.Datasets;
using EventGrains.Contracts.Shards;
using EventGrains.Contracts.Sources;
using EventGrains.Files;
using EventGrains.Gateway.Http;
using EventGrains.Gateway.Status;
using EventGrains.Tests.Store;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace EventGrains.Tests.Gateway;

/// <summary>A rolling restart of silos and gateways, as their clients see it: not at all.</summary>
public sealed class PatienceTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task A_question_whose_silo_stops_is_asked_again()
    {
        await using var host = await GatewayHost.Start();
        host.Known.Stopping = 2;

        var (status, body, _) = await host.Get("/v1/status");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("1.2.3", body.GetProperty("version").GetString());
        Assert.True(host.Known.Stopping <= 0);
    }

    /// <remarks>It may have been done before the silo went, and would be done twice.</remarks>
    [Fact]
    public async Task A_command_whose_silo_stops_is_not_given_again()
    {
        await using var host = await GatewayHost.Start();
        host.Known.Files.Add(Sample.New(new FileId("dcache", "0001"), 1));
        host.Known.Stopping = 1;

        var (status, _, _) = await host.Post("/v1/files/dcache%3A0001/steps/retry", "", type: null);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Single(host.Known.Commands);
    }

    /// <remarks>A call through a silo that stands still ends by nothing else.</remarks>
    [Theory]
    [InlineData("/v1/status")]
    [InlineData("/v1/sources")]
    [InlineData("/v1/sources/lab")]
    [InlineData("/v1/files")]
    [InlineData("/v1/files/dcache%3A0001")]
    [InlineData("/v1/files/dcache%3A0001/history")]
    [InlineData("/v1/files/dcache%3A%2Fruns%2F1.h5")]
    [InlineData("/v1/steps")]
    [InlineData("/v1/datasets")]
    [InlineData("/v1/datasets/raw")]
    [InlineData("/v1/dead-letters")]
    [InlineData("/v1/dead-letters/tail%2Fp%2F1%2F1")]
    [InlineData("/v1/parked-deliveries")]
    public async Task A_question_that_gets_lost_is_asked_again(string path)
    {
        await using var host = await GatewayHost.Start(time: new HurriedTime());
        Fill(host.Known);
        host.Grains.LoseNext = 2;

        var (status, _, _) = await host.Get(path);

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.True(host.Grains.LoseNext <= 0);
    }

    [Fact]
    public async Task When_no_silo_takes_a_question_it_is_503()
    {
        await using var host = await GatewayHost.Start(time: new HurriedTime());

        host.Known.Stopping = int.MaxValue;
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await host.Get("/v1/status")).Status);

        host.Grains.LoseNext = int.MaxValue;
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await host.Get("/v1/files/dcache%3A0001/history")).Status);
    }

    [Fact]
    public async Task Events_that_come_before_a_gateway_knows_its_cluster_wait()
    {
        var shape = ClusterShape.Unknown();
        await using var host = await GatewayHost.Start(time: _time, more: services => services.AddSingleton(shape).AddSingleton<ClusterLook>());
        var look = host.Service<ClusterLook>();

        var posted = host.Post("/v1/sources/lab/events", "A1");
        await host.Get("/healthz/live");
        Assert.False(posted.IsCompleted);
        await look.StartAsync(CancellationToken.None);

        Assert.Equal(HttpStatusCode.OK, (await posted).Status);
        Assert.Equal(4, shape.Shards);
    }

    [Fact]
    public async Task When_the_cluster_is_not_known_long_after_the_start_events_are_503_at_once()
    {
        await using var host = await GatewayHost.Start(time: _time, more: services => services.AddSingleton(ClusterShape.Unknown()).AddSingleton<ClusterLook>());
        _ = host.Service<ClusterLook>();
        _time.Advance(ClusterLook.StartsWithin);

        var (status, body, headers) = await host.Post("/v1/sources/lab/events", "A1");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Contains(ClusterShape.NobodyAnswered, body.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.NotNull(headers.RetryAfter);
    }

    private static void Fill(FakeKnowledge known)
    {
        var file = Sample.New(new FileId("dcache", "0001"), 1, "/runs/1.h5", datasets: "raw");
        known.Files.Add(file);
        known.Datasets.Add(new DatasetCounts("raw", 1, ImmutableDictionary<FileStatus, long>.Empty, 0, Sample.Noon));
        known.DeadLetters.Add(new DeadLetter("tail", "p", 1, 1, "no JSON", [1], Sample.Noon));
        foreach (var source in GatewayHost.Declared.Sources)
        {
            known.Sources[source.Name] = () => new SourceView(source.Name, "http", source.Format, source.Storage, SourceState.Running, null, []);
        }
    }
}
