using EventGrains.Contracts.Transitions;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;
using Orleans.Streams;

namespace EventGrains.Silo.Streams;

/// <summary>Parks what was given up, durably, before its stream goes on.</summary>
/// <remarks>While it cannot be parked the one consumer waits. When the silo ends first, the queue's position stays before the event.</remarks>
internal sealed partial class Parking(
    string provider, Func<QueueWindows?> windows, IGrainFactory grains, DeliveryErrors errors, SiloSettings settings, TimeProvider time, ILogger log, CancellationToken stopping)
    : IStreamFailureHandler
{
    private static readonly TimeSpan WaitFirst = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(5);

    public bool ShouldFaultSubsriptionOnError => false;

    public async Task OnDeliveryFailure(GuidId subscriptionId, string streamProviderName, StreamId streamIdentity, StreamSequenceToken? sequenceToken)
    {
        if (sequenceToken is null)
        {
            return;
        }

        var (consumer, error) = errors.Take(subscriptionId.Guid);
        var delivery = new ParkedDelivery(
            0, streamIdentity.ToString(), sequenceToken.SequenceNumber, sequenceToken.EventIndex, consumer, error, settings.StreamAttemptsMax, time.GetUtcNow().UtcDateTime);
        for (var wait = WaitFirst; !stopping.IsCancellationRequested; wait = wait * 2 > WaitMax ? WaitMax : wait * 2)
        {
            try
            {
                await grains.GetGrain<IParkedDeliveriesGrain>(provider).Park(delivery);
                LogParked(delivery.Stream, delivery.Sequence, consumer, error);
                return;
            }
            catch (Exception failure)
            {
                LogNotParked(failure, delivery.Stream);
                await Task.Delay(wait, time, stopping).ContinueWith(_ => { }, TaskScheduler.Current);
            }
        }

        windows()?.Owe(streamIdentity, Place.Of(sequenceToken));
    }

    public Task OnSubscriptionFailure(GuidId subscriptionId, string streamProviderName, StreamId streamIdentity, StreamSequenceToken? sequenceToken)
    {
        windows()?.NotFound(streamIdentity);
        return Task.CompletedTask;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The delivery of {Sequence} on {Stream} to {Consumer} is parked: {Error}")]
    private partial void LogParked(string stream, long sequence, string consumer, string error);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A delivery on {Stream} that was given up could not be parked; it is tried again.")]
    private partial void LogNotParked(Exception failure, string stream);
}
