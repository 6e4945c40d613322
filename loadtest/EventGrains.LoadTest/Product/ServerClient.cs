using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Text.Json;
using EventGrains.LoadTest.Oracle;

namespace EventGrains.LoadTest.Product;

internal sealed record Page<T>(IReadOnlyList<T> Items, string? Next);

internal sealed record PublishAnswer(long Accepted, long Rejected);

internal sealed record SourceAnswer(string Name, string State, string? Reason, IReadOnlyList<PartitionAnswer> Partitions);

internal sealed record PartitionAnswer(string Partition, long Generation, long Position, long Size, long LagBytes);

internal sealed record FileStepAnswer(string File, string Rule, string Action, string State, int Attempts, string? Error);

internal sealed record HistoryAnswer(int Version);

internal sealed record StatusAnswer(StoreAnswer Store, IReadOnlyList<OwnerAnswer> Owners);

internal sealed record StoreAnswer(int Schema);

/// <param name="Since">Null, or not there, where the owner's release does not note it.</param>
internal sealed record OwnerAnswer(int Shard, string? Silo, long Epoch, DateTime? Since);

/// <summary>The product's HTTP, as any client sees it.</summary>
internal sealed class ServerClient : IDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);
    private static readonly MediaTypeHeaderValue Lines = new("application/x-ndjson");
    private readonly HttpClient _http;
    private readonly Action<Exception>? _away;

    /// <param name="away">Is told each time that there was no answer, or a 503.</param>
    public ServerClient(Uri server, Action<Exception>? away = null)
    {
        _away = away;
        _http = new HttpClient(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(5), UseProxy = false })
        {
            BaseAddress = server,
            Timeout = TimeSpan.FromSeconds(60),
        };
    }

    /// <summary>Offers records once. Null when nothing may be assumed: no connection, or a 503; send the same again.</summary>
    /// <exception cref="ProductException">The body itself is refused; sending it again would not help.</exception>
    public async Task<PublishAnswer?> Publish(string source, ReadOnlyMemory<byte> lines, CancellationToken ct)
    {
        using var content = new ReadOnlyMemoryContent(lines);
        content.Headers.ContentType = Lines;
        try
        {
            using var response = await _http.PostAsync(new Uri($"v1/sources/{source}/events", UriKind.Relative), content, ct);
            if (response.StatusCode == HttpStatusCode.OK)
            {
                return await response.Content.ReadFromJsonAsync<PublishAnswer>(Json, ct);
            }

            var text = $"publishing was answered {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(ct)}";
            throw response.StatusCode == HttpStatusCode.ServiceUnavailable ? new HttpRequestException(text, null, response.StatusCode) : new ProductException(text);
        }
        catch (Exception e) when (IsAway(e, ct))
        {
            Tell(e);
            return null;
        }
    }

    public Task<StatusAnswer> Status(CancellationToken ct) => Get<StatusAnswer>("v1/status", ct);

    public async Task<FileAnswer?> FirstFile(string query, CancellationToken ct) => (await Get<Page<FileAnswer>>($"v1/files?limit=1&{query}", ct)).Items is [var first, ..] ? first : null;

    public async Task<IReadOnlyList<PartitionAnswer>> Partitions(string source, CancellationToken ct) =>
        [.. (await Get<Page<SourceAnswer>>("v1/sources", ct)).Items.Where(s => s.Name == source).SelectMany(s => s.Partitions)];

    /// <summary>All steps in a state.</summary>
    public IAsyncEnumerable<FileStepAnswer> Steps(string state, CancellationToken ct) => All<FileStepAnswer>($"v1/steps?state={state}&limit=1000", ct);

    public IAsyncEnumerable<FileAnswer> Files(string query, CancellationToken ct) => All<FileAnswer>($"v1/files?limit=1000&{query}", ct);

    public IAsyncEnumerable<HistoryAnswer> History(string id, CancellationToken ct) =>
        All<HistoryAnswer>($"v1/files/{Uri.EscapeDataString(id)}/history?limit=1000", ct);

    /// <summary>Opens the stream of transitions, after an id or where the query says; ends when the server or the connection does.</summary>
    public async Task<Stream> OpenTransitions(string query, string? lastId, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"v1/transitions?{query}", UriKind.Relative));
        if (lastId is not null)
        {
            request.Headers.Add("Last-Event-ID", lastId);
        }

        var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadAsStreamAsync(ct);
    }

    /// <summary>For whoever reads a stream that was opened here, and lost it.</summary>
    public void Tell(Exception away) => _away?.Invoke(away);

    public void Dispose() => _http.Dispose();

    /// <summary>The server is away for now, which is no answer; anything else is an error to show.</summary>
    public static bool IsAway(Exception e, CancellationToken ct) =>
        e is HttpRequestException or IOException || (e is OperationCanceledException && !ct.IsCancellationRequested);

    private async IAsyncEnumerable<T> All<T>(string path, [EnumeratorCancellation] CancellationToken ct)
    {
        string? after = null;
        do
        {
            var page = await Get<Page<T>>(after is null ? path : $"{path}&after={Uri.EscapeDataString(after)}", ct);
            foreach (var item in page.Items)
            {
                yield return item;
            }

            after = page.Next;
        }
        while (after is not null);
    }

    private async Task<T> Get<T>(string path, CancellationToken ct)
    {
        try
        {
            return await Answer<T>(path, ct);
        }
        catch (Exception e) when (IsAway(e, ct))
        {
            Tell(e);
            throw;
        }
    }

    private async Task<T> Answer<T>(string path, CancellationToken ct)
    {
        using var response = await _http.GetAsync(new Uri(path, UriKind.Relative), ct);
        if (response.StatusCode == HttpStatusCode.ServiceUnavailable)
        {
            throw new HttpRequestException($"GET /{path} was answered 503: {await response.Content.ReadAsStringAsync(ct)}", null, response.StatusCode);
        }

        if (!response.IsSuccessStatusCode)
        {
            throw new ProductException($"GET /{path} was answered {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(ct)}");
        }

        return await response.Content.ReadFromJsonAsync<T>(Json, ct) ?? throw new ProductException($"GET /{path} was answered with null");
    }
}
