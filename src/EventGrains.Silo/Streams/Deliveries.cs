using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Orleans.Runtime;
using Orleans.Runtime.Providers;

namespace EventGrains.Silo.Streams;

/// <summary>Carries deliveries over the death of a consumer's silo, and remembers how others failed, since Orleans tells whoever parks them only that they did.</summary>
internal sealed class DeliveryErrors(TimeProvider time, IHostApplicationLifetime host) : IOutgoingGrainCallFilter
{
    /// <summary>Failing subscriptions remembered; beyond it all are forgotten, and what is parked says that the error is not known.</summary>
    private const int ErrorsMax = 10_000;

    private readonly ConcurrentDictionary<Guid, (string Consumer, string Error)> _last = [];

    /// <summary>
    /// So long one attempt goes on while the consumer's silo cannot be reached, as long as for a consumer that does not answer: one that died is
    /// declared dead in that time, and the grain begins elsewhere. Attempts are for what the grain itself fails on.
    /// </summary>
    private static readonly TimeSpan ReachedWithin = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan ReachAgainAfter = TimeSpan.FromMilliseconds(500);

    // The second is what a consumer is asked before its first delivery: where it stands.
    public Task Invoke(IOutgoingGrainCallContext context) =>
        context.MethodName is "DeliverBatch" or "GetSequenceToken" ? Deliver(context) : context.Invoke();

    public (string Consumer, string Error) Take(Guid subscription) => _last.TryRemove(subscription, out var last) ? last : ("", "not known");

    private async Task Deliver(IOutgoingGrainCallContext context)
    {
        var subscription = context.Request.GetArgumentCount() > 0 ? context.Request.GetArgument(0) as GuidId : null;
        var began = time.GetTimestamp();
        bool IsToBeReachedAgain(Exception? failure) =>
            failure is OrleansMessageRejectionException or SiloUnavailableException && time.GetElapsedTime(began) < ReachedWithin && !host.ApplicationStopping.IsCancellationRequested;

        while (true)
        {
            try
            {
                await context.Invoke();
                if (!IsToBeReachedAgain(context.Response?.Exception))
                {
                    Note(subscription, context, context.Response?.Exception);
                    return;
                }
            }
            catch (Exception failure) when (!IsToBeReachedAgain(failure))
            {
                Note(subscription, context, failure);
                throw;
            }
            catch (Exception)
            {
                // Once more.
            }

            await Task.Delay(ReachAgainAfter, time);
        }
    }

    private void Note(GuidId? subscription, IOutgoingGrainCallContext context, Exception? failure)
    {
        if (subscription is null || failure is null)
        {
            return;
        }

        if (_last.Count >= ErrorsMax)
        {
            _last.Clear();
        }

        _last[subscription.Guid] = (context.TargetId.ToString(), $"{failure.GetType().Name}: {failure.Message}");
    }
}

/// <summary>How long a failed delivery rests, and when it is given up.</summary>
internal sealed class DeliveryAttempts(SiloSettings settings) : IMessageDeliveryBackoffProvider
{
    /// <param name="attempt">From 0.</param>
    /// <exception cref="DeliveryGivenUpException">It was the last.</exception>
    public TimeSpan Next(int attempt) => attempt + 1 >= settings.StreamAttemptsMax
        ? throw new DeliveryGivenUpException($"given up after {attempt + 1} attempts")
        : TimeSpan.FromSeconds(Math.Min(settings.StreamBackOffFirstSeconds * Math.Pow(2, Math.Min(attempt, 30)), settings.StreamBackOffMaxSeconds));
}

internal sealed class DeliveryGivenUpException(string message) : Exception(message);
