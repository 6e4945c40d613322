using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace EventGrains.Tests.Cli;

/// <summary>What a verb asked.</summary>
/// <param name="Target">Path and query, percent-encoded as they were sent.</param>
public sealed record Asked(string Method, string Target, string Body, string? ContentType, string? LastEventId, string? Authorization);

/// <summary>A server on a free port of this machine that answers as a test says, and remembers what it was asked.</summary>
public sealed class FakeServer : IAsyncDisposable
{
    private readonly WebApplication app;

    private FakeServer(WebApplication app) => this.app = app;

    public string Url => app.Urls.First();

    public ConcurrentQueue<Asked> Asked { get; } = [];

    public static async Task<FakeServer> Start(Func<Asked, HttpContext, Task> answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var server = new FakeServer(app);
        app.Run(async http =>
        {
            using var reader = new StreamReader(http.Request.Body);
            var asked = new Asked(
                http.Request.Method,
                http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget,
                await reader.ReadToEndAsync(),
                http.Request.ContentType,
                http.Request.Headers["Last-Event-ID"],
                http.Request.Headers.Authorization);
            server.Asked.Enqueue(asked);
            await answer(asked, http);
        });
        await app.StartAsync();
        return server;
    }

    /// <summary>Answers everything with one JSON text.</summary>
    public static Task<FakeServer> Start(string json, int status = 200) => Start((_, http) => Json(http, json, status));

    public static Task Json(HttpContext http, string json, int status = 200)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = status == 200 ? "application/json" : "application/problem+json";
        return http.Response.WriteAsync(json);
    }

    /// <summary>Opens an event stream and sends frames as they stand; the stream ends when the answer returns.</summary>
    public static async Task Events(HttpContext http, string frames)
    {
        if (!http.Response.HasStarted)
        {
            http.Response.ContentType = "text/event-stream";
        }

        await http.Response.WriteAsync(frames);
        await http.Response.Body.FlushAsync();
    }

    public static Task UntilGone(HttpContext http) =>
        Task.Delay(Timeout.Infinite, http.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);

    public async ValueTask DisposeAsync() => await app.DisposeAsync();
}
