using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using EventGrains.Contracts;
using EventGrains.Contracts.Shards;
using EventGrains.Contracts.Sources;
using EventGrains.Events;
using EventGrains.Gateway.Http;
using EventGrains.Rules;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.ObjectPool;

namespace EventGrains.Gateway.Events;

/// <summary>Takes pushed events: reads all records of a request, hands each shard its events once, and answers when all of them are durable.</summary>
/// <remarks>
/// Nothing is handed over before the whole body was read and judged, so that 400, 413 and 422 mean that nothing was stored. A 503
/// promises nothing: some shards may have kept their part. The client sends the same bytes again, and the repeat is silent.
/// </remarks>
internal sealed partial class EventIntake(
    Definitions definitions,
    IReadOnlyDictionary<string, IEventDecoder> decoders,
    ClusterShape cluster,
    IGrainFactory grains,
    GatewaySettings settings,
    TimeProvider time,
    ILogger<EventIntake> log)
{
    /// <summary>Types counted by name per source and process; further ones are counted as <c>other</c>: the names come from outside.</summary>
    private const int TypesCountedMax = 64;

    private static readonly Counter<long> WithoutEffect = Telemetry.Meter.CreateCounter<long>(
        "eventgrains_records_without_effect_total", description: "Records that were read and say nothing that is kept, by their type.");

    private readonly AnswerTimes shards = new();
    private readonly IntakeBudget budget = new(settings.IntakeBytesMax);
    private readonly IntakeRoom room = new(settings.IntakeEventsMax, TimeSpan.FromSeconds(settings.IntakeSecondsMax / 2.0), time);
    private readonly HashSet<(string Source, string Type)> typesCounted = [];
    private readonly ObjectPool<IntakeBatch> batches = new DefaultObjectPool<IntakeBatch>(new DefaultPooledObjectPolicy<IntakeBatch>());

    public async Task<IntakeAnswer> Take(string source, string? format, HttpContext http)
    {
        var declared = SourceOf(source);
        var framing = Framings.Of(http.Request);
        var decoder = DecoderOf(format ?? (Framings.SaysCloudEvents(http.Request, framing) ? Framings.CloudEventsFormat : declared.Format));
        using var span = Telemetry.Activities.StartActivity("intake");
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(settings.IntakeSecondsMax), time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(late.Token, http.RequestAborted);
        using var share = budget.Open();
        var batch = batches.Get();
        try
        {
            var context = new DecodeContext(declared.Storage, time.GetUtcNow().UtcDateTime);
            batch.Begin(decoder.Format, settings.RequestEventsMax);
            await Read(http, framing, (record, line) => batch.Add(Decode(decoder, record, context, batch.Events), line), share, stop.Token);
            batch.Judge();
            await Apply(source, batch, stop.Token);
            Count(source, batch, span);
            return batch.Answer();
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !http.RequestAborted.IsCancellationRequested)
        {
            throw NotDurable($"not all events were durable within {settings.IntakeSecondsMax} s");
        }
        finally
        {
            batch.Clear();
            batches.Return(batch);
        }
    }

    private SourceDefinition SourceOf(string name)
    {
        var source = definitions.Source(name)
            ?? throw ProblemException.NotFound($"no source '{name}' is declared", $"send to one of: {string.Join(", ", definitions.Sources.Where(s => s.Type == SourceType.Http).Select(s => s.Name))}; or declare it in the rules as kind Source, type http");
        return source.Type == SourceType.Http
            ? source
            : throw ProblemException.Conflict($"source '{name}' is of type {Words<SourceType>.Of(source.Type)}: it reads for itself and takes no events", "send to a source of type http that speaks of the same storage");
    }

    private IEventDecoder DecoderOf(string format) =>
        decoders.TryGetValue(format, out var decoder)
            ? decoder
            : throw ProblemException.BadRequest($"format '{format}' is not known", $"use one of {string.Join(", ", decoders.Keys.Order(StringComparer.Ordinal))}");

    /// <summary>Cuts the body into records, and hands each on while it arrives.</summary>
    private async Task Read(HttpContext http, Framing framing, TakeRecord take, IntakeBudget.Share share, CancellationToken stop)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            // Our own bound decides, so that its answer says what to do.
            limit.MaxRequestBodySize = null;
        }

        if (http.Request.ContentLength is { } length)
        {
            if (length > settings.RequestBytesMax)
            {
                throw BodyReader.TooLong(settings);
            }

            share.Grow(length);
        }

        using var reader = new BodyReader(http.Request.Body, settings, share, stop);
        await (framing switch
        {
            Framing.Lines => reader.ReadLines(take),
            Framing.Record => reader.ReadRecord(take),
            Framing.Array => reader.ReadArray(take),
            _ => reader.ReadRecord(take, data => BinaryCloudEvent.Compose(http.Request.Headers, data)),
        });
    }

    /// <summary>What one record says, as events; of dCache's, <c>DcacheDecoder</c> finds the parts and <c>DcacheStatements</c> says what they mean.</summary>
    private static Decoded Decode(IEventDecoder decoder, ReadOnlySpan<byte> record, in DecodeContext context, List<StorageEvent> events)
    {
        try
        {
            return decoder.Decode(record, context, events);
        }
        catch (Exception failure)
        {
            // A decoder promises not to throw; should it, one record must not cost the sender all the others.
            return new Decoded("<failed>", new Rejection("", $"the decoder failed: {failure.Message}", "report it with the record"));
        }
    }

    /// <summary>Sorts the events by the shard that owns their file, and waits until every shard has its part durably.</summary>
    private async Task Apply(string source, IntakeBatch batch, CancellationToken stop)
    {
        if (batch.Events.Count == 0)
        {
            return;
        }

        var sharded = batch.Split(cluster.Shards);
        var place = await room.Enter(batch.Events.Count, stop);
        var answers = await Durable(source, sharded.Parts, place, stop);
        for (var i = 0; i < answers.Length; i++)
        {
            if (!answers[i].Failed.IsDefaultOrEmpty)
            {
                foreach (var failed in answers[i].Failed)
                {
                    batch.RejectEvent(sharded.PlaceOf(sharded.Parts[i], failed));
                }
            }
        }
    }

    /// <param name="place">Left when the shards have answered, not when the sender has gone: until then they are at work on it.</param>
    private async Task<ApplyAnswer[]> Durable(string source, List<ShardedEvents.Part> parts, IntakeRoom.Place place, CancellationToken stop)
    {
        var tries = new ConcurrentBag<Task>();
        var calls = parts.ConvertAll(part =>
        {
            var (shard, events) = (grains.GetGrain<IFileShardGrain>(part.Shard), part.Of(source));
            return GrainCalls.UntilAnswered(
                () =>
                {
                    var answer = shard.Apply(events);
                    tries.Add(answer);
                    return answer;
                },
                shards,
                time,
                stop);
        });
        var all = Task.WhenAll(calls);
        _ = LeaveAfter(place, all, tries);
        try
        {
            return await all.WaitAsync(stop);
        }
        catch (Exception failure) when (failure is not OperationCanceledException || !stop.IsCancellationRequested)
        {
            ShardFailed(failure, source);
            throw NotDurable($"the events could not be made durable now: {failure.Message}");
        }
    }

    /// <summary>When not all was answered in time, the shards may be at work on it until each try has ended, as every call does.</summary>
    private static async Task LeaveAfter(IntakeRoom.Place place, Task all, ConcurrentBag<Task> tries)
    {
        using (place)
        {
            await all.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!all.IsCompletedSuccessfully)
            {
                await Task.WhenAll(tries).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private static ProblemException NotDurable(string detail) =>
        ProblemException.Unavailable(detail, "send the same bytes again after Retry-After; what was kept already is not counted twice", retryAfterSeconds: 2);

    private void Count(string source, IntakeBatch batch, Activity? span)
    {
        var accepted = batch.Records - batch.Rejected;
        foreach (var (type, count) in batch.WithoutEffect)
        {
            WithoutEffect.Add(count, new("source", source), new("type", NameOf(source, type)));
        }

        span?.SetTag("source", source).SetTag("records", batch.Records).SetTag("events", batch.Events.Count).SetTag("rejected", batch.Rejected);

        // The source's grain counts for the metric too. One way: nobody waits for it, and a lost count harms nothing that was promised.
        _ = grains.GetGrain<ISourceGrain>(source).Count(accepted, batch.Rejected);
    }

    private string NameOf(string source, string type)
    {
        lock (typesCounted)
        {
            return typesCounted.Contains((source, type)) || (typesCounted.Count(t => t.Source == source) < TypesCountedMax && typesCounted.Add((source, type)))
                ? type
                : "other";
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Events of source {Source} could not be made durable; the sender was asked to send them again")]
    private partial void ShardFailed(Exception failure, string source);
}
