using System.Text.Json;

namespace EventGrains.Tests.Gateway;

/// <summary>Follows transitions as a browser would: keeps the last id, and sees one event after the other.</summary>
public sealed class SseClient : IDisposable
{
    private readonly HttpResponseMessage response;
    private readonly StreamReader reader;

    private SseClient(HttpResponseMessage response, Stream stream)
    {
        this.response = response;
        reader = new StreamReader(stream);
    }

    public string? LastId { get; private set; }

    public HttpResponseMessage Response => response;

    /// <summary>Opens the stream, and waits until the server has said from where it sends.</summary>
    public static async Task<SseClient> Follow(GatewayHost host, string query = "", string? lastId = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/transitions{query}");
        if (lastId is not null)
        {
            request.Headers.TryAddWithoutValidation("Last-Event-ID", lastId);
        }

        var response = await host.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        response.EnsureSuccessStatusCode();
        var client = new SseClient(response, await response.Content.ReadAsStreamAsync());
        await client.NextBlock();
        return client;
    }

    /// <summary>The next event; blocks that carry none only move the last id.</summary>
    public async Task<(string Event, JsonElement Data)> Next()
    {
        while (true)
        {
            var (name, data) = await NextBlock();
            if (data is not null)
            {
                return (name, JsonDocument.Parse(data).RootElement);
            }
        }
    }

    public async Task<string[]> NextFiles(int count)
    {
        var files = new string[count];
        for (var i = 0; i < count; i++)
        {
            files[i] = (await Next()).Data.GetProperty("id").GetString()!;
        }

        return files;
    }

    public async Task<(string Event, string? Data)> NextBlock()
    {
        var (name, data) = ("message", (string?)null);
        while (true)
        {
            var line = await reader.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(20)) ?? throw new EndOfStreamException("the server ended the stream");
            if (line.Length == 0)
            {
                return (name, data);
            }

            var colon = line.IndexOf(':', StringComparison.Ordinal);
            var value = line[(colon + 1)..].TrimStart();
            switch (line[..colon])
            {
                case "id":
                    LastId = value;
                    break;
                case "event":
                    name = value;
                    break;
                case "data":
                    data = value;
                    break;
            }
        }
    }

    public void Dispose()
    {
        reader.Dispose();
        response.Dispose();
    }
}
