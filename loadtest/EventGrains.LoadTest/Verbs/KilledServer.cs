using EventGrains.LoadTest.Generator;
using EventGrains.LoadTest.Product;

namespace EventGrains.LoadTest.Verbs;

/// <summary>The product, killed now and then and started again on the same data directory and port.</summary>
internal sealed class KilledServer : IAsyncDisposable
{
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

    /// <summary>Kills at moments drawn from the seed, on the average evenly over a time; a moment counts from the start of the process, so some fall into it.</summary>
    public async Task KillAtRandom(int kills, TimeSpan over, int seed, CancellationToken ct)
    {
        var dice = Dice.For((ulong)seed, 0xDEAD);
        var longest = Math.Max(2_000, (int)(2 * over.TotalMilliseconds / Math.Max(1, kills)));
        for (var kill = 1; kill <= kills; kill++)
        {
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

        await _server.Ready.WaitAsync(TimeSpan.FromMinutes(1), ct);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
