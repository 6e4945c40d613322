using EventGrains.LoadTest.Generator;
using EventGrains.LoadTest.Product;

namespace EventGrains.LoadTest.Verbs;

/// <summary>The product, killed now and then and started again on the same data directory and port.</summary>
internal sealed class KilledServer : IAsyncDisposable
{
    private static readonly TimeSpan ReadyWithin = TimeSpan.FromMinutes(1);

    private readonly ServerLaunch _launch;
    private ServerProcess _server;

    private KilledServer(ServerLaunch launch, ServerProcess server, Uri address)
    {
        _launch = launch with { Port = address.Port };
        (_server, Address) = (server, address);
    }

    public Uri Address { get; }

    public static async Task<KilledServer> Start(ServerLaunch launch, CancellationToken ct)
    {
        var server = await ServerProcess.Start(launch, ct);
        return new KilledServer(launch, server, await server.Ready);
    }

    /// <summary>Kills at moments drawn from the seed, so that it serves about as long as it is told to in all; one in five falls into the start.</summary>
    public async Task KillAtRandom(int kills, TimeSpan over, int seed, CancellationToken ct)
    {
        var dice = Dice.For((ulong)seed, 0xDEAD);
        var longest = Math.Max(1_000, (int)(2 * over.TotalMilliseconds / Math.Max(1, kills)));
        for (var kill = 1; kill <= kills; kill++)
        {
            if (dice.Below(5) > 0)
            {
                await _server.Ready.WaitAsync(ReadyWithin, ct);
            }

            await Task.Delay(dice.Below(longest), ct);
            if (_server.HasExited)
            {
                throw new ProductException($"the product ended by itself before kill {kill}; see {_launch.LogPath}");
            }

            await _server.Kill();
            await _server.DisposeAsync();
            _server = ServerProcess.Launch(_launch);
            Console.WriteLine($"kill {kill} of {kills}");
        }

        await _server.Ready.WaitAsync(ReadyWithin, ct);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
