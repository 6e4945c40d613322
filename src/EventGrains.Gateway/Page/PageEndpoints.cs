using System.Security.Cryptography;

namespace EventGrains.Gateway.Page;

/// <summary>Serves the one page and its files, as they were built in.</summary>
internal static class PageEndpoints
{
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static readonly string[] Scripts = ["page.js", "dom.js", "server.js", "status.js", "transitions.js", "file.js"];

    public static void Map(IEndpointRouteBuilder routes)
    {
        Serve(routes, "/", "page.html", "text/html; charset=utf-8");
        Serve(routes, "/page/page.css", "page.css", "text/css; charset=utf-8");
        foreach (var script in Scripts)
        {
            Serve(routes, $"/page/{script}", script, "text/javascript; charset=utf-8");
        }
    }

    private static void Serve(IEndpointRouteBuilder routes, string route, string name, string contentType)
    {
        var bytes = Read(name);
        var tag = $"\"{Convert.ToHexStringLower(SHA256.HashData(bytes)[..8])}\"";
        routes.MapGet(route, (HttpContext http) =>
            {
                var headers = http.Response.Headers;
                headers.ETag = tag;
                headers.CacheControl = "no-cache";
                headers.ContentSecurityPolicy = Policy;
                headers["Referrer-Policy"] = "no-referrer";
                headers["Cross-Origin-Opener-Policy"] = "same-origin";
                return http.Request.Headers.IfNoneMatch.Contains(tag)
                    ? Results.StatusCode(StatusCodes.Status304NotModified)
                    : Results.Bytes(bytes, contentType);
            })
            .ExcludeFromDescription();
    }

    private static byte[] Read(string name)
    {
        using var stream = typeof(PageEndpoints).Assembly.GetManifestResourceStream(name)!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
