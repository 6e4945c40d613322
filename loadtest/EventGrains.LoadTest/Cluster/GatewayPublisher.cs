using EventGrains.LoadTest.Oracle;
using EventGrains.LoadTest.Product;

namespace EventGrains.LoadTest.Cluster;

/// <summary>Publishes bodies to the gateways in turn, without waiting for one before the next; what got no 200 goes again, to the next gateway.</summary>
internal sealed class GatewayPublisher(IReadOnlyList<ServerClient> gateways, PerSecond acknowledged, Verdict verdict) : IDisposable
{
    /// <summary>Bodies that nobody acknowledged yet; beyond it the offering waits, and is no longer by the clock.</summary>
    public const int InFlightMax = 3_000;

    private static readonly TimeSpan AgainFirst = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan AgainMax = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _room = new(InFlightMax);
    private int _turn;
    private long _accepted;
    private long _rejected;
    private long _resent;

    public long Accepted => Volatile.Read(ref _accepted);

    public long Rejected => Volatile.Read(ref _rejected);

    /// <summary>How often a body was sent again.</summary>
    public long Resent => Volatile.Read(ref _resent);

    public int InFlight => InFlightMax - _room.CurrentCount;

    /// <summary>Returns when there is room, not when it is acknowledged.</summary>
    public async Task Add(ReadOnlyMemory<byte> body, CancellationToken ct)
    {
        await _room.WaitAsync(ct);
        _ = Publish(body, ct);
    }

    public Task AllAcknowledged(TimeSpan within, CancellationToken ct) =>
        Settling.Until("all bodies to be acknowledged", within, () => Task.FromResult(InFlight == 0), ct);

    public void Dispose() => _room.Dispose();

    private async Task Publish(ReadOnlyMemory<byte> body, CancellationToken ct)
    {
        try
        {
            for (var wait = AgainFirst; !await Offer(body, ct); wait = wait * 2 < AgainMax ? wait * 2 : AgainMax)
            {
                Interlocked.Increment(ref _resent);
                await Task.Delay(wait, ct);
            }
        }
        catch (OperationCanceledException)
        {
        }
        catch (Exception e)
        {
            verdict.AddOther($"a body could not be published: {e}");
        }

        _room.Release();
    }

    private async Task<bool> Offer(ReadOnlyMemory<byte> body, CancellationToken ct)
    {
        var gateway = gateways[(int)((uint)Interlocked.Increment(ref _turn) % gateways.Count)];
        try
        {
            if (await gateway.Publish(RuleFile.HttpSource, body, ct) is not { } answer)
            {
                return false;
            }

            Interlocked.Add(ref _accepted, answer.Accepted);
            Interlocked.Add(ref _rejected, answer.Rejected);
            acknowledged.Add(answer.Accepted);
            return true;
        }
        catch (ProductException e)
        {
            // No fault of ours may be answered so; all the same nothing may be lost.
            verdict.AddOther(e.Message);
            return false;
        }
    }
}
