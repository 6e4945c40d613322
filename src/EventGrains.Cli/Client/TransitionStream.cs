using System.Net;
using System.Runtime.CompilerServices;

namespace EventGrains.Cli.Client;

internal enum HeardKind
{
    /// <summary>The subscription stands (again): what happens from now on will be heard.</summary>
    Opened,
    Transition,
    Gap,
}

/// <param name="Data">The event's data, one JSON object; empty for <see cref="HeardKind.Opened"/>.</param>
internal readonly record struct Heard(HeardKind Kind, string Data, string? Cursor);

/// <summary>Which transitions to hear; lists may hold several of each.</summary>
internal sealed record TransitionFilter
{
    public IReadOnlyList<string> Paths { get; init; } = [];

    public IReadOnlyList<string> Datasets { get; init; } = [];

    public IReadOnlyList<string> Kinds { get; init; } = [];

    public string? From { get; init; }
}

/// <summary>Follows the server's transitions, each once and in order, over broken connections.</summary>
/// <remarks>
/// The first connection must succeed. A later one is tried again with the last cursor until <c>retryFor</c> has passed without
/// any success. At the bound the stream ends with exit code 4.
/// </remarks>
internal sealed class TransitionStream(ServerClient server, TimeProvider time, Action<string> tell)
{
    /// <summary>Three of the server's comments missing.</summary>
    public static readonly TimeSpan SilenceMax = TimeSpan.FromSeconds(45);

    private readonly Backoff backoff = new(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(5));
    private DateTimeOffset? lostAt;
    private string? cursor;

    public async IAsyncEnumerable<Heard> Read(TransitionFilter filter, TimeSpan retryFor, [EnumeratorCancellation] CancellationToken ct)
    {
        var path = PathOf(filter);
        for (var connected = false; ;)
        {
            using var answer = await Connect(path, connected ? retryFor : null, ct);
            if (answer is null)
            {
                continue;
            }

            connected = true;
            lostAt = null;
            backoff.Reset();
            yield return new Heard(HeardKind.Opened, "", cursor);

            await using var body = new IdleGuardStream(await answer.Content.ReadAsStreamAsync(ct), SilenceMax, time);
            var reader = new SseReader(body);
            await using var events = reader.Read(ct).GetAsyncEnumerator(ct);
            while (await Next(events, ct))
            {
                cursor = reader.LastId ?? cursor;
                if (events.Current.Type is "transition" or "gap")
                {
                    yield return new Heard(events.Current.Type == "gap" ? HeardKind.Gap : HeardKind.Transition, events.Current.Data, cursor);
                }
            }

            // A heartbeat moves the cursor without an event: nothing up to there matched.
            cursor = reader.LastId ?? cursor;
            await WaitToRetry(retryFor, "the stream ended", ct);
        }
    }

    private static string PathOf(TransitionFilter filter) => new QueryText("/v1/transitions")
        .Add("path", filter.Paths)
        .Add("dataset", filter.Datasets)
        .Add("kind", filter.Kinds)
        .Add("from", filter.From)
        .ToString();

    private async Task<bool> Next(IAsyncEnumerator<SseEvent> events, CancellationToken ct)
    {
        try
        {
            return await events.MoveNextAsync();
        }
        catch (Exception e) when (e is IOException or HttpRequestException && !ct.IsCancellationRequested)
        {
            tell($"Lost {server.Server}: {e.Message}. Connecting again.");
            return false;
        }
    }

    /// <returns>Null after a failure that is worth another attempt, the wait for it included.</returns>
    private async Task<HttpResponseMessage?> Connect(string path, TimeSpan? retryFor, CancellationToken ct)
    {
        string failure;
        try
        {
            var answer = await server.Follow(path, cursor, ct);
            if (answer.StatusCode == HttpStatusCode.OK)
            {
                return answer;
            }

            var body = await answer.Content.ReadAsStringAsync(ct);
            answer.Dispose();
            if (retryFor is null || answer.StatusCode is not (HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.GatewayTimeout))
            {
                throw Problem.ToFailure(answer.StatusCode, body);
            }

            failure = Problem.Describe(answer.StatusCode, body);
        }
        catch (Exception e) when (e is IOException or HttpRequestException && !ct.IsCancellationRequested)
        {
            if (retryFor is null)
            {
                throw server.Unreachable(e.Message);
            }

            failure = e.Message;
        }

        await WaitToRetry(retryFor.Value, failure, ct);
        return null;
    }

    private async Task WaitToRetry(TimeSpan retryFor, string failure, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        lostAt ??= now;
        if (now - lostAt.Value >= retryFor)
        {
            throw server.Unreachable($"{failure} (tried again for {retryFor.TotalSeconds:0} s)");
        }

        await Task.Delay(backoff.Next(), time, ct);
    }
}
