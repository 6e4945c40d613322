using EventGrains.Contracts.Transitions;

namespace EventGrains.Tests.Gateway;

/// <summary>Parked deliveries, and what was done with them.</summary>
public sealed class FakeParked : IParkedDeliveriesGrain
{
    public List<ParkedDelivery> Items { get; } = [];

    public List<long> Retried { get; } = [];

    public Task<ParkedPage> List(long after, int max) => Task.FromResult(new ParkedPage([.. Items.Where(d => d.Number > after).Take(max)], 0));

    public Task<int> Count() => Task.FromResult(Items.Count);

    public Task Park(ParkedDelivery delivery) => throw new NotSupportedException();

    public Task<bool> Retry(long number)
    {
        Retried.Add(number);
        return Drop(number);
    }

    public Task<bool> Drop(long number) => Task.FromResult(Items.RemoveAll(d => d.Number == number) > 0);
}
