using System.Collections.Concurrent;
using Orleans.Runtime;
using Orleans.Runtime.Providers;

namespace EventGrains.Silo.Streams;

/// <summary>Remembers how deliveries failed, since Orleans tells whoever parks them only that they did.</summary>
internal sealed class DeliveryErrors : IOutgoingGrainCallFilter
{
    /// <summary>Failing subscriptions remembered; beyond it all are forgotten, and what is parked says that the error is not known.</summary>
    private const int ErrorsMax = 10_000;

    private readonly ConcurrentDictionary<Guid, (string Consumer, string Error)> _last = [];

    public Task Invoke(IOutgoingGrainCallContext context) =>
        context.MethodName == "DeliverBatch" ? Deliver(context) : context.Invoke();

    public (string Consumer, string Error) Take(Guid subscription) => _last.TryRemove(subscription, out var last) ? last : ("", "not known");

    private async Task Deliver(IOutgoingGrainCallContext context)
    {
        var subscription = context.Request.GetArgumentCount() > 0 ? context.Request.GetArgument(0) as GuidId : null;
        try
        {
            await context.Invoke();
            Note(subscription, context, context.Response?.Exception);
        }
        catch (Exception failure)
        {
            Note(subscription, context, failure);
            throw;
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
