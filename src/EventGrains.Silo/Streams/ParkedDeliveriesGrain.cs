using System.Diagnostics.Metrics;
using EventGrains.Contracts;
using EventGrains.Contracts.Transitions;
using EventGrains.Silo.Cluster;
using Microsoft.Extensions.Logging;

namespace EventGrains.Silo.Streams;

/// <summary>Keeps what was parked. Memory is never ahead of storage. Calls the grain of the stream's queue.</summary>
[KeepsNoOrder]
internal sealed partial class ParkedDeliveriesGrain(
    [PersistentState("parked", "Default")] IPersistentState<ParkedState> state, SiloSettings settings, EventLogStreams streams, ILogger<ParkedDeliveriesGrain> log)
    : Grain, IParkedDeliveriesGrain
{
    private static readonly Counter<long> DroppedCount = Telemetry.Meter.CreateCounter<long>(
        "eventgrains_parked_deliveries_dropped_total", description: "Parked deliveries that made room for later ones.");

    private ParkedState Now => state.State;

    public Task<ParkedPage> List(long after, int max) =>
        Task.FromResult(new ParkedPage([.. Now.Items.Where(d => d.Number > after).Take(Math.Clamp(max, 1, 1_000))], Now.Dropped));

    public Task<int> Count() => Task.FromResult(Now.Items.Count);

    public async Task Park(ParkedDelivery delivery)
    {
        var others = Now.Items.Where(d => !IsSame(d, delivery)).ToList();
        var surplus = Math.Max(0, others.Count + 1 - settings.StreamParkedMax);
        foreach (var dropped in others.Take(surplus))
        {
            LogDropped(dropped.Stream, dropped.Sequence, dropped.Consumer);
        }

        await Write(new ParkedState
        {
            Items = [.. others.Skip(surplus), delivery with { Number = Now.Next }],
            Next = Now.Next + 1,
            Dropped = Now.Dropped + surplus,
        });
        DroppedCount.Add(surplus);
    }

    public async Task<bool> Retry(long number)
    {
        if (Now.Items.FirstOrDefault(d => d.Number == number) is not { } delivery)
        {
            return false;
        }

        // First noted there, then taken away here: between the two it is known twice, and never not at all.
        if (streams.QueueGrainOf(this.GetPrimaryKeyString(), delivery.Stream) is { } queue)
        {
            await queue.DeliverAgain(delivery);
        }

        return await Drop(number);
    }

    public async Task<bool> Drop(long number)
    {
        var others = Now.Items.Where(d => d.Number != number).ToList();
        if (others.Count == Now.Items.Count)
        {
            return false;
        }

        await Write(Now with { Items = others });
        return true;
    }

    private static bool IsSame(ParkedDelivery a, ParkedDelivery b) =>
        (a.Stream, a.Sequence, a.Index, a.Consumer) == (b.Stream, b.Sequence, b.Index, b.Consumer);

    private async Task Write(ParkedState next)
    {
        var before = state.State;
        state.State = next;
        try
        {
            await state.WriteStateAsync();
        }
        catch
        {
            state.State = before;
            throw;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The parked delivery of {Sequence} on {Stream} to {Consumer} made room for a later one.")]
    private partial void LogDropped(string stream, long sequence, string consumer);
}

[GenerateSerializer, Alias("EventGrains.ParkedState")]
internal sealed record ParkedState
{
    [Id(0)]
    public List<ParkedDelivery> Items { get; init; } = [];

    [Id(1)]
    public long Next { get; init; } = 1;

    [Id(2)]
    public long Dropped { get; init; }
}
