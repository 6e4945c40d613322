using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Threading.Channels;
using EventGrains.Cli.Client;

namespace EventGrains.Cli.Publish;

/// <param name="Concurrency">Bodies under way at once; their order is not promised, and need not be.</param>
/// <param name="RetryFor">How long one body is sent again before the whole ends.</param>
/// <param name="LinesPerSecond">Null: as fast as the server answers.</param>
internal sealed record PublishOptions(string Source, string? Format, int Concurrency, TimeSpan RetryFor, double? LinesPerSecond, int BodyLinesMax, int BodyBytesMax);

/// <summary>Sends lines to an HTTP source until each body has its 200, and adds the answers up.</summary>
/// <remarks>
/// After a 503 or a broken connection nothing may be assumed, so the same bytes are sent again; a repeat is silent. At most
/// twice <see cref="PublishOptions.Concurrency"/> bodies and the one being cut are held.
/// </remarks>
internal sealed class Publisher(ServerClient server, PublishOptions options, TimeProvider time, Action<string> tell)
{
    private static readonly TimeSpan RetryFirst = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan RetryMax = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RetryAfterMax = TimeSpan.FromSeconds(60);

    private readonly string path = new QueryText($"/v1/sources/{Uri.EscapeDataString(options.Source)}/events").Add("format", options.Format).ToString();
    private readonly DateTimeOffset startedAt = time.GetUtcNow();

    public PublishSum Sum { get; } = new();

    /// <summary>Bytes answered with 200 so far, for a progress bar.</summary>
    public event Action<EventBody>? Answered;

    /// <summary>Throws <see cref="VerbFailure"/> when it cannot go on; <see cref="Sum"/> then holds what was answered.</summary>
    public async Task Run(Stream input, CancellationToken ct)
    {
        using var failed = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var bodies = Channel.CreateBounded<EventBody>(options.Concurrency);
        var cutting = Cut(input, bodies.Writer, failed);
        var sending = Enumerable.Range(0, options.Concurrency).Select(_ => SendAll(bodies.Reader, failed)).Append(cutting).ToList();
        try
        {
            await Task.WhenAll(sending);
        }
        catch (Exception e) when (e is VerbFailure or OperationCanceledException)
        {
            // One failure cancels the others; the user must read the failure, not the cancellation.
            ct.ThrowIfCancellationRequested();
            throw sending.Select(t => t.Exception?.InnerException).OfType<VerbFailure>().FirstOrDefault() ?? e;
        }
    }

    private async Task Cut(Stream input, ChannelWriter<EventBody> bodies, CancellationTokenSource failed)
    {
        try
        {
            var lines = options.LinesPerSecond is { } rate ? (int)Math.Clamp(rate / 10, 1, options.BodyLinesMax) : options.BodyLinesMax;
            var sent = 0L;
            await foreach (var body in new BodyCutter(lines, options.BodyBytesMax, time, Sum.Reject).Cut(input, failed.Token))
            {
                await KeepRate(sent, failed.Token);
                sent += body.Lines;
                await bodies.WriteAsync(body, failed.Token);
            }
        }
        catch (IOException e)
        {
            await failed.CancelAsync();
            throw new VerbFailure(ExitCode.Failed, $"Cannot read the input: {e.Message}", e);
        }
        finally
        {
            bodies.Complete();
        }
    }

    private async Task KeepRate(long sent, CancellationToken ct)
    {
        if (options.LinesPerSecond is not { } rate)
        {
            return;
        }

        var early = startedAt + TimeSpan.FromSeconds(sent / rate) - time.GetUtcNow();
        if (early > TimeSpan.Zero)
        {
            await Task.Delay(early, time, ct);
        }
    }

    private async Task SendAll(ChannelReader<EventBody> bodies, CancellationTokenSource failed)
    {
        try
        {
            await foreach (var body in bodies.ReadAllAsync(failed.Token))
            {
                await SendUntilAnswered(body, failed.Token);
            }
        }
        catch (VerbFailure)
        {
            await failed.CancelAsync();
            throw;
        }
    }

    private async Task SendUntilAnswered(EventBody body, CancellationToken ct)
    {
        var backoff = new Backoff(RetryFirst, RetryMax);
        DateTimeOffset? failingSince = null;
        for (; ; Sum.CountResend())
        {
            var attempt = await Attempt(body, ct);
            if (attempt.Failure is not { } failure)
            {
                return;
            }

            var now = time.GetUtcNow();
            failingSince ??= now;
            if (now - failingSince.Value >= options.RetryFor)
            {
                throw attempt.Reached
                    ? new VerbFailure(ExitCode.Failed, $"Lines {body.FirstLine} to {body.FirstLine + body.Lines - 1} got no 200 for {options.RetryFor.TotalSeconds:0} s: {failure}\nPublish the same input again later: what was already taken changes nothing.")
                    : server.Unreachable($"{failure} (tried again for {options.RetryFor.TotalSeconds:0} s)");
            }

            if (failingSince == now)
            {
                tell($"Lines from {body.FirstLine} on got no answer that counts ({failure}); sending them again.");
            }

            var wait = backoff.Next();
            await Task.Delay(attempt.RetryAfter > wait ? attempt.RetryAfter : wait, time, ct);
        }
    }

    /// <summary>One request. A failure that another attempt may mend is returned; one that it cannot is thrown.</summary>
    private async Task<AttemptOutcome> Attempt(EventBody body, CancellationToken ct)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(ct);
        deadline.CancelAfter(ServerClient.AnswerWithin);
        try
        {
            using var content = new ReadOnlyMemoryContent(body.Bytes);
            content.Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
            using var answer = await server.Send(HttpMethod.Post, path, content, deadline.Token);
            var text = await answer.Content.ReadAsStringAsync(deadline.Token);
            return await Conclude(body, answer, text, ct);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return new AttemptOutcome(e.Message, Reached: false);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return new AttemptOutcome($"no answer within {ServerClient.AnswerWithin.TotalSeconds:0} s", Reached: false);
        }
    }

    private async Task<AttemptOutcome> Conclude(EventBody body, HttpResponseMessage answer, string text, CancellationToken ct)
    {
        switch (answer.StatusCode)
        {
            case HttpStatusCode.OK:
                using (var sum = JsonDocument.Parse(text))
                {
                    Sum.Add(body, sum.RootElement);
                }

                Answered?.Invoke(body);
                return AttemptOutcome.Answered;

            case HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests
                or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout:
                return new AttemptOutcome(Problem.Describe(answer.StatusCode, text), Reached: true, RetryAfter(answer));

            case HttpStatusCode.RequestEntityTooLarge when body.Lines > 1:
                var (first, second) = body.Halve();
                await SendUntilAnswered(first, ct);
                await SendUntilAnswered(second, ct);
                return AttemptOutcome.Answered;

            case HttpStatusCode.RequestEntityTooLarge:
                Sum.Reject(new RejectedLine(body.FirstLine, "", Problem.Describe(answer.StatusCode, text), "Send a smaller record, or let the server take larger ones."));
                Answered?.Invoke(body);
                return AttemptOutcome.Answered;

            default:
                var failure = Problem.ToFailure(answer.StatusCode, text);
                throw new VerbFailure(
                    failure.ExitCode == ExitCode.Usage ? ExitCode.Failed : failure.ExitCode,
                    $"{failure.Message}\nThis was the answer to lines {body.FirstLine} to {body.FirstLine + body.Lines - 1}.");
        }
    }

    private TimeSpan RetryAfter(HttpResponseMessage answer)
    {
        var after = answer.Headers.RetryAfter;
        var asked = after?.Delta ?? (after?.Date - time.GetUtcNow()) ?? TimeSpan.Zero;
        return asked > RetryAfterMax ? RetryAfterMax : asked;
    }

    /// <param name="Reached">Somebody answered, if not with a 200.</param>
    private readonly record struct AttemptOutcome(string? Failure, bool Reached, TimeSpan RetryAfter = default)
    {
        public static readonly AttemptOutcome Answered = new(null, Reached: true);
    }
}
