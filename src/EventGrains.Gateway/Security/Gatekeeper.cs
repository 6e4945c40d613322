using System.Net;
using System.Security.Cryptography;
using System.Text;
using EventGrains.Gateway.Http;

namespace EventGrains.Gateway.Security;

/// <summary>Refuses requests that a foreign web page could make through somebody's browser, and, where tokens are set, those without one.</summary>
internal sealed class Gatekeeper
{
    private const string Scheme = "Bearer ";

    private readonly RequestDelegate next;
    private readonly HashSet<string> hosts;
    private readonly byte[][] tokens;

    public Gatekeeper(RequestDelegate next, GatewaySettings settings)
    {
        this.next = next;
        hosts = new HashSet<string>(settings.AllowedHosts.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries), StringComparer.OrdinalIgnoreCase)
        {
            "localhost",
            settings.ListenAddress,
        };
        tokens = [.. settings.Tokens.Select(Digest)];
    }

    public Task InvokeAsync(HttpContext http)
    {
        CheckHost(http);
        CheckOrigin(http.Request);
        CheckToken(http.Request);
        http.Response.Headers.XContentTypeOptions = "nosniff";
        return next(http);
    }

    // DNS rebinding: a page of evil.example, whose name then resolves to this machine, is same-origin for the browser. It gives
    // itself away by the name in Host. An address cannot be rebound, so the one that the connection came to is safe.
    private void CheckHost(HttpContext http)
    {
        var host = http.Request.Host.Host;
        var known = hosts.Contains(host)
            || (IPAddress.TryParse(host.Trim('[', ']'), out var address)
                && (IPAddress.IsLoopback(address) || Same(address, http.Connection.LocalIpAddress)));
        if (!known)
        {
            throw new ProblemException(
                StatusCodes.Status421MisdirectedRequest,
                "Misdirected request",
                $"this server is not known as '{host}'",
                "call it by localhost or by the address it listens on, or add the name to allowedHosts");
        }
    }

    // Cross-site request forgery: a foreign page may post here, and its browser says where the page came from.
    private static void CheckOrigin(HttpRequest request)
    {
        if (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || HttpMethods.IsOptions(request.Method))
        {
            return;
        }

        foreach (var origin in request.Headers.Origin)
        {
            if (!Uri.TryCreate(origin, UriKind.Absolute, out var from) || !string.Equals(from.Authority, request.Host.Value, StringComparison.OrdinalIgnoreCase))
            {
                throw new ProblemException(
                    StatusCodes.Status403Forbidden,
                    "Forbidden",
                    $"a page of '{origin}' may not change anything here",
                    "send it from a program without an Origin header, or from this server's own page");
            }
        }
    }

    private void CheckToken(HttpRequest request)
    {
        if (tokens.Length == 0 || IsPublic(request.Path))
        {
            return;
        }

        var header = request.Headers.Authorization.ToString();
        if (!header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) || !IsKnown(header[Scheme.Length..].Trim()))
        {
            throw new ProblemException(
                StatusCodes.Status401Unauthorized,
                "Token needed",
                header.Length == 0 ? "the request carries no token" : "the token is not one of this server's",
                "send Authorization: Bearer TOKEN, with a line of the server's token file");
        }
    }

    // The page holds nothing by itself: it asks for a token. Probes of an orchestrator cannot carry one.
    private static bool IsPublic(PathString path) =>
        path == "/" || path.StartsWithSegments("/page", StringComparison.Ordinal) || path.StartsWithSegments("/healthz", StringComparison.Ordinal);

    // Looks at every token, each in the same time, so that the time taken says nothing of how near a guess was.
    private bool IsKnown(string token)
    {
        var digest = Digest(token);
        var known = false;
        foreach (var each in tokens)
        {
            known |= CryptographicOperations.FixedTimeEquals(each, digest);
        }

        return known;
    }

    private static byte[] Digest(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));

    private static bool Same(IPAddress a, IPAddress? b) => b is not null && a.MapToIPv6().Equals(b.MapToIPv6());
}
