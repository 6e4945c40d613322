using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace EventGrains.Cli.Client;

/// <summary>The server, as the client verbs see it: by HTTP alone. Failures become exit codes with a remedy.</summary>
internal sealed class ServerClient : IDisposable
{
    public const string Default = "http://127.0.0.1:8080";

    /// <summary>A server ends every request within 25 s; one that says nothing for so long is gone.</summary>
    public static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(60);

    private readonly HttpClient http;

    public ServerClient(Uri server, string? token)
    {
        Server = server;
        // A proxy that the environment names is for the world outside, never for this machine.
        var handler = new SocketsHttpHandler { UseProxy = !server.IsLoopback, AllowAutoRedirect = false, ConnectTimeout = TimeSpan.FromSeconds(10) };
        http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("eventgrains", ProgramVersion.Version));
        if (token is not null)
        {
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }
    }

    public Uri Server { get; }

    /// <summary>The server's address from what the user wrote, or a usage error.</summary>
    public static Uri ParseAddress(string text)
    {
        if (Uri.TryCreate(text.TrimEnd('/'), UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.Host.Length > 0)
        {
            return uri;
        }

        throw new VerbFailure(ExitCode.Usage, $"'{text}' is no server address. Write http://HOST:PORT, such as {Default}.");
    }

    public Task<string> Get(string path, CancellationToken ct) => Ask(HttpMethod.Get, path, null, ct);

    public Task<string> Post(string path, string? json, CancellationToken ct) => Ask(HttpMethod.Post, path, json, ct);

    /// <summary>Sends once and hands over whatever comes, body unread; throws what <see cref="HttpClient"/> throws.</summary>
    public Task<HttpResponseMessage> Send(HttpMethod method, string path, HttpContent? content, CancellationToken ct)
    {
        var request = new HttpRequestMessage(method, AddressOf(path)) { Content = content };
        request.Headers.Accept.ParseAdd("application/json");
        return http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
    }

    /// <summary>Opens an event stream, after a cursor if there is one; throws what <see cref="HttpClient"/> throws.</summary>
    public Task<HttpResponseMessage> Follow(string path, string? cursor, CancellationToken ct)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, AddressOf(path));
        request.Headers.Accept.ParseAdd("text/event-stream");
        if (cursor is not null)
        {
            request.Headers.TryAddWithoutValidation("Last-Event-ID", cursor);
        }

        return http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
    }

    public VerbFailure Unreachable(string reason) => new(
        ExitCode.Unreachable,
        $"Cannot reach {Server}: {reason}\nStart a server with `eventgrains dev`, or name a running one by --server URL or EVENTGRAINS_SERVER.");

    public void Dispose() => http.Dispose();

    private Uri AddressOf(string path) => new(Server.AbsoluteUri.TrimEnd('/') + path);

    private async Task<string> Ask(HttpMethod method, string path, string? json, CancellationToken ct)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(ct);
        deadline.CancelAfter(AnswerWithin);
        try
        {
            var content = json is null ? null : new StringContent(json, Encoding.UTF8, "application/json");
            using var answer = await Send(method, path, content, deadline.Token);
            var body = await answer.Content.ReadAsStringAsync(deadline.Token);
            return answer.IsSuccessStatusCode ? body : throw Problem.ToFailure(answer.StatusCode, body);
        }
        catch (HttpRequestException e)
        {
            throw Unreachable(e.Message);
        }
        catch (IOException e)
        {
            throw Unreachable(e.Message);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw Unreachable($"no answer within {AnswerWithin.TotalSeconds:0} s");
        }
    }
}
