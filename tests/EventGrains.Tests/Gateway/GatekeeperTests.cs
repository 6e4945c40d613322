using System.Net;
using System.Net.Http.Headers;

namespace EventGrains.Tests.Gateway;

public sealed class GatekeeperTests
{
    [Theory]
    [InlineData("localhost", HttpStatusCode.OK)]
    [InlineData("localhost:1234", HttpStatusCode.OK)]
    [InlineData("127.0.0.1", HttpStatusCode.OK)]
    [InlineData("[::1]:80", HttpStatusCode.OK)]
    [InlineData("grains.example.org", HttpStatusCode.OK)]
    [InlineData("evil.example", HttpStatusCode.MisdirectedRequest)]
    [InlineData("localhost.evil.example", HttpStatusCode.MisdirectedRequest)]
    [InlineData("10.1.2.3", HttpStatusCode.MisdirectedRequest)]
    public async Task A_foreign_name_in_Host_is_421(string name, HttpStatusCode expected)
    {
        await using var host = await GatewayHost.Start(s => s.AllowedHosts = "other.example.org, grains.example.org");
        var request = new HttpRequestMessage(HttpMethod.Get, "/healthz/live");
        request.Headers.Host = name;

        Assert.Equal(expected, (await host.Client.SendAsync(request)).StatusCode);
    }

    [Theory]
    [InlineData(null, HttpStatusCode.OK)]
    [InlineData("https://evil.example", HttpStatusCode.Forbidden)]
    [InlineData("null", HttpStatusCode.Forbidden)]
    [InlineData("http://127.0.0.1", HttpStatusCode.Forbidden)]
    public async Task A_page_from_elsewhere_may_not_post(string? origin, HttpStatusCode expected)
    {
        await using var host = await GatewayHost.Start();
        var request = new HttpRequestMessage(HttpMethod.Post, "/v1/sources/lab/events") { Content = new ByteArrayContent("A1"u8.ToArray()) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
        if (origin is not null)
        {
            request.Headers.TryAddWithoutValidation("Origin", origin);
        }

        Assert.Equal(expected, (await host.Client.SendAsync(request)).StatusCode);
        Assert.Equal(expected == HttpStatusCode.OK ? 1 : 0, host.Shards.Applied.Count);
    }

    [Fact]
    public async Task Our_own_page_may_post()
    {
        await using var host = await GatewayHost.Start();
        var request = new HttpRequestMessage(HttpMethod.Post, "/v1/sources/lab/events") { Content = new ByteArrayContent([]) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
        request.Headers.TryAddWithoutValidation("Origin", $"http://{host.Client.BaseAddress!.Authority}");

        Assert.Equal(HttpStatusCode.OK, (await host.Client.SendAsync(request)).StatusCode);
    }

    [Theory]
    [InlineData("Bearer one", HttpStatusCode.OK)]
    [InlineData("bearer two", HttpStatusCode.OK)]
    [InlineData("Bearer three", HttpStatusCode.Unauthorized)]
    [InlineData("Bearer ", HttpStatusCode.Unauthorized)]
    [InlineData("Basic one", HttpStatusCode.Unauthorized)]
    [InlineData(null, HttpStatusCode.Unauthorized)]
    public async Task Where_tokens_are_set_a_request_must_carry_one(string? authorization, HttpStatusCode expected)
    {
        await using var host = await GatewayHost.Start(s => s.Tokens = ["one", "two"]);
        var request = new HttpRequestMessage(HttpMethod.Get, "/v1/datasets");
        request.Headers.TryAddWithoutValidation("Authorization", authorization);

        var response = await host.Client.SendAsync(request);

        Assert.Equal(expected, response.StatusCode);
        Assert.Equal(expected == HttpStatusCode.Unauthorized, response.Headers.WwwAuthenticate.Count > 0);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/page/page.js")]
    [InlineData("/healthz/live")]
    public async Task The_page_and_the_probes_need_no_token(string path)
    {
        await using var host = await GatewayHost.Start(s => s.Tokens = ["one"]);

        Assert.Equal(HttpStatusCode.OK, (await host.Client.GetAsync(path)).StatusCode);
    }

    [Fact]
    public async Task An_unknown_route_and_a_wrong_method_are_problems_too()
    {
        await using var host = await GatewayHost.Start();

        var (nowhere, problem, _) = await host.Get("/v2/files");
        var response = await host.Client.DeleteAsync("/v1/files");
        var (method, refused, _) = await GatewayHost.Read(response);

        Assert.Equal(HttpStatusCode.NotFound, nowhere);
        Assert.False(string.IsNullOrEmpty(problem.GetProperty("remedy").GetString()));
        Assert.Equal(HttpStatusCode.MethodNotAllowed, method);
        Assert.Contains("GET", refused.GetProperty("remedy").GetString(), StringComparison.Ordinal);
        Assert.Contains("GET", response.Content.Headers.Allow);
    }
}
