using System.Net;
using System.Text.RegularExpressions;

namespace EventGrains.Tests.Gateway;

public sealed partial class PageTests
{
    [Fact]
    public async Task The_page_loads_nothing_from_elsewhere_and_runs_no_script_but_ours()
    {
        await using var host = await GatewayHost.Start();

        var response = await host.Client.GetAsync("/");
        var html = await response.Content.ReadAsStringAsync();
        var rest = await host.Client.GetStringAsync("/page/page.css") + await Scripts(host);

        Assert.Equal("text/html", response.Content.Headers.ContentType?.MediaType);
        Assert.Contains("default-src 'none'; script-src 'self'", response.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.DoesNotMatch(Elsewhere(), html + rest);
        Assert.DoesNotContain("innerHTML", rest, StringComparison.Ordinal);
        Assert.DoesNotMatch(Inline(), html);
    }

    [Fact]
    public async Task All_that_the_script_looks_for_is_on_the_page()
    {
        await using var host = await GatewayHost.Start();
        var html = await host.Client.GetStringAsync("/");
        var script = await Scripts(host);

        Assert.All(
            Wanted().Matches(script).Select(match => match.Groups[1].Value).Distinct(),
            id => Assert.Contains($"id=\"{id}\"", html, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_browser_that_has_the_page_is_told_so()
    {
        await using var host = await GatewayHost.Start();
        var tag = (await host.Client.GetAsync("/")).Headers.ETag!;
        var request = new HttpRequestMessage(HttpMethod.Get, "/");
        request.Headers.IfNoneMatch.Add(tag);

        Assert.Equal(HttpStatusCode.NotModified, (await host.Client.SendAsync(request)).StatusCode);
    }

    [Fact]
    public async Task The_open_api_document_names_every_public_route()
    {
        await using var host = await GatewayHost.Start();

        var (status, document, _) = await host.Get("/openapi/v1.json");

        Assert.Equal(HttpStatusCode.OK, status);
        var paths = document.GetProperty("paths");
        Assert.All(
            ["/v1/files", "/v1/files/{id}", "/v1/files/{id}/history", "/v1/files/{id}/steps/retry", "/v1/steps", "/v1/datasets", "/v1/datasets/{name}", "/v1/sources", "/v1/sources/{source}/events", "/v1/sources/{name}/seek", "/v1/sources/{name}/resume", "/v1/dead-letters", "/v1/dead-letters/{id}", "/v1/parked-deliveries", "/v1/parked-deliveries/{number}/retry", "/v1/parked-deliveries/{number}/discard", "/v1/status", "/v1/transitions", "/healthz/live", "/healthz/ready"],
            path => Assert.True(paths.TryGetProperty(path, out _), $"{path} is missing"));
        Assert.Contains("superseded", paths.GetProperty("/v1/steps").GetProperty("get").GetRawText(), StringComparison.Ordinal);
    }

    private static async Task<string> Scripts(GatewayHost host)
    {
        var page = await host.Client.GetStringAsync("/page/page.js");
        var others = Imported().Matches(page).Select(match => match.Groups[1].Value).Append("server.js");
        return page + string.Concat(await Task.WhenAll(others.Select(name => host.Client.GetStringAsync($"/page/{name}"))));
    }

    [GeneratedRegex(@"from ""\./([a-z]+\.js)""")]
    private static partial Regex Imported();

    [GeneratedRegex("""(src|href|url\(|import|fetch\()\s*=?\s*["'(]?(https?:)?//""")]
    private static partial Regex Elsewhere();

    [GeneratedRegex("""<script(?![^>]*\ssrc=)|\sstyle=|\son[a-z]+=|<style""")]
    private static partial Regex Inline();

    [GeneratedRegex("""\$\("([a-z-]+)"\)""")]
    private static partial Regex Wanted();
}
